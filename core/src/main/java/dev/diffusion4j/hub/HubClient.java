// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads repositories of the Hub into the cache that its Python client uses too. Nothing is asked of the network but by these
 * methods. Thread-safe.
 *
 * <pre>{@code
 * Path folder = new HubClient(HubSettings.fromEnvironment()).snapshot(HubRepo.model("google/ddpm-cifar10-32"), path -> true);
 * }</pre>
 */
public final class HubClient {
    private static final Logger LOG = LoggerFactory.getLogger(HubClient.class);
    private static final int AT_ONCE = 8;
    private static final int LONGEST_ANSWER = 64 << 20;
    private static final int MOST_PAGES = 10_000; // of a thousand files each
    private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;\\s*rel=\"next\"");

    private final HubSettings settings;
    private final HubHttp http;
    private final HubErrors errors;
    private final HubProgress progress;
    private final BlobDownload.Disk disk;

    /** Tells nobody how it goes. */
    public HubClient(HubSettings settings) {
        this(settings, HubProgress.SILENT, Duration.ofMillis(500));
    }

    /** @param progress of all downloads */
    public HubClient(HubSettings settings, HubProgress progress) {
        this(settings, progress, Duration.ofMillis(500));
    }

    /** @param firstPause before a request is tried again */
    HubClient(HubSettings settings, HubProgress progress, Duration firstPause) {
        this(settings, progress, firstPause, BlobDownload.Disk.REAL);
    }

    HubClient(HubSettings settings, HubProgress progress, Duration firstPause, BlobDownload.Disk disk) {
        this.settings = settings;
        this.disk = disk;
        this.progress = progress;
        http = new HubHttp(settings, firstPause);
        errors = new HubErrors(settings);
    }

    /** Whose token this is, by name; empty without one. */
    public Optional<String> whoAmI() {
        if (settings.token() == null) {
            return Optional.empty();
        }
        HubRepo nobody = HubRepo.model("whoami");
        try (HubHttp.Answer answer = http.get(api("whoami-v2"), Map.of())) {
            if (answer.status() == 401) {
                throw Problem.failure("the Hub does not know the token: log in anew, diffuse hub login");
            }
            Map<String, @Nullable Object> user = object(nobody, "whoami", answer);
            return Optional.of(String.valueOf(user.get("name")));
        } catch (IOException e) {
            throw errors.of(nobody, "your name", e);
        }
    }

    /**
     * The commit that the repository's revision is now.
     *
     * @throws Problem (a failure) where there is none, it may not be seen, or the Hub cannot be reached
     */
    public String commit(HubRepo repo) {
        return head(repo).orElseThrow(() -> errors.noRevision(repo));
    }

    /** As {@link #commit}; empty where the repository has no such revision. */
    Optional<String> head(HubRepo repo) {
        URI address = api(repo.type().plural() + "/" + repo.id() + "/revision/" + HubPath.segment(repo.revision()));
        try (HubHttp.Answer answer = http.get(address, Map.of())) {
            if (HubErrors.isNoRevision(answer)) {
                return Optional.empty();
            }
            String sha = String.valueOf(object(repo, "the revision", answer).get("sha"));
            if (!HubRepo.isCommit(sha)) {
                throw new IOException("an answer without a commit: is this a Hub?");
            }
            return Optional.of(sha);
        } catch (IOException e) {
            throw errors.of(repo, "the revision", e);
        }
    }

    /**
     * The repository at the commit that its revision is now; without a network, at the one that it was when it was last asked for.
     *
     * @throws Problem (a failure) as {@link #commit}, or where nothing may be asked and nothing is known
     */
    public HubRepo pin(HubRepo repo) {
        if (repo.isCommit()) {
            return repo;
        }
        HubCache cache = new HubCache(settings.cache(), repo);
        try {
            if (settings.offline()) {
                return repo.at(cache.commit().orElseThrow(() -> errors.offline(repo, "what is needed")));
            }
            String commit = commit(repo);
            cache.prepare();
            cache.remember(commit);
            return repo.at(commit);
        } catch (Problem e) {
            IOException unreachable = unreachable(e).orElseThrow(() -> e);
            String known = lastCommit(cache).orElseThrow(() -> e);
            LOG.warn("the Hub cannot be reached ({}); using {} as it was", errors.reason(unreachable), repo);
            return repo.at(known);
        } catch (IOException e) {
            throw errors.of(repo, "the revision", e);
        }
    }

    private static Optional<String> lastCommit(HubCache cache) {
        try {
            return cache.commit();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** All files of a repository, folders in order of their names. */
    public List<HubEntry> list(HubRepo repo) {
        List<HubEntry> entries = new ArrayList<>();
        Set<URI> seen = new HashSet<>();
        @Nullable
        URI page = api(repo.type().plural() + "/" + repo.id() + "/tree/" + HubPath.segment(repo.revision())
                + "?recursive=true");
        try {
            while (page != null) {
                if (!seen.add(page) || seen.size() > MOST_PAGES) {
                    throw new HubHttp.BadAnswer("a list that never ends: page " + (seen.size() + 1) + " is " + page);
                }
                try (HubHttp.Answer answer = http.get(page, Map.of())) {
                    for (Object entry : array(repo, "the list of files", answer)) {
                        if (entry instanceof Map) {
                            file(Json.object(entry)).ifPresent(entries::add);
                        }
                    }
                    Matcher next = NEXT.matcher(answer.header("Link"));
                    page = next.find() ? HubHttp.resolve(page, next.group(1), "a next page that leads") : null;
                }
            }
        } catch (IOException e) {
            throw errors.of(repo, "the list of files", e);
        }
        return entries;
    }

    private static Optional<HubEntry> file(Map<String, @Nullable Object> entry) {
        if (!"file".equals(entry.get("type"))) {
            return Optional.empty();
        }
        Object lfs = entry.get("lfs");
        Object oid = lfs instanceof Map ? Json.object(lfs).get("oid") : entry.get("oid");
        long size = entry.get("size") instanceof Number number ? number.longValue() : -1;
        return Optional.of(new HubEntry(String.valueOf(entry.get("path")), size, String.valueOf(oid)));
    }

    /**
     * One file, fetched where the cache does not have it as it is now.
     *
     * @return in the cache: a link to be read, not to be written
     * @throws Problem (a failure) where there is no such repository, revision or file, it may not be seen, the Hub cannot be
     *     reached and the cache does not have it, or it cannot be stored
     */
    public Path file(HubRepo repo, String name) {
        HubCache cache = new HubCache(settings.cache(), repo);
        try {
            Optional<String> known = cache.commit();
            if (settings.offline() || repo.isCommit()) {
                Optional<Path> here =
                        known.map(commit -> cache.pointer(commit, name)).filter(Files::exists);
                if (here.isPresent()) {
                    return here.get();
                }
                if (settings.offline()) {
                    throw errors.offline(repo, name);
                }
            }
            return fetch(cache, repo, name);
        } catch (FileSystemException e) {
            throw errors.of(repo, name, e);
        } catch (IOException e) {
            return lastKnown(cache, name, e).orElseThrow(() -> errors.of(repo, name, e));
        }
    }

    /** Without a network, what was fetched before does. */
    private Optional<Path> lastKnown(HubCache cache, String name, IOException problem) {
        try {
            Optional<Path> here =
                    cache.commit().map(commit -> cache.pointer(commit, name)).filter(Files::exists);
            here.ifPresent(path -> LOG.warn("the Hub cannot be reached ({}); using {}", errors.reason(problem), path));
            return here;
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private Path fetch(HubCache cache, HubRepo repo, String name) throws IOException {
        RemoteFile file = describe(cache, repo, name);
        cache.pointer(file.commit(), name); // refuses a name that would lie elsewhere, before anything is written
        cache.prepare();
        cache.remember(file.commit());
        Path pointer = cache.pointer(file.commit(), name);
        if (Files.exists(pointer)) {
            return pointer;
        }
        if (!Files.exists(cache.blob(file.etag()))) {
            new BlobDownload(http, file, progress, disk).into(cache);
        }
        return cache.link(file.commit(), name, file.etag());
    }

    private RemoteFile describe(HubCache cache, HubRepo repo, String name) throws IOException {
        URI address = URI.create(settings.endpoint() + "/" + repo.type().urlPrefix() + repo.id() + "/resolve/"
                + HubPath.segment(repo.revision()) + "/" + HubPath.encode(name));
        try (HubHttp.Answer answer = http.head(address)) {
            if (answer.status() / 100 > 3) {
                String commit = answer.header("X-Repo-Commit");
                if (answer.header("X-Error-Code").equals("EntryNotFound") && HubRepo.isCommit(commit)) {
                    cache.rememberMissing(commit, name);
                }
                throw errors.of(repo, name, answer);
            }
            return RemoteFile.of(address, answer);
        }
    }

    /**
     * Several files of one commit, eight at once.
     *
     * @param included which, by their paths
     * @return the commit's folder in the cache, with what {@code included} named and perhaps more
     * @throws Problem as {@link #contents} and {@link #fetch}
     */
    public Path snapshot(HubRepo repo, Predicate<String> included) {
        return fetch(contents(repo), included);
    }

    /**
     * Which files the repository has now; without a network, with a warning, or offline, at the commit of last time.
     *
     * @throws Problem (a failure) as {@link #pin}, or where the list of files is not known and the Hub cannot be asked
     */
    public HubContents contents(HubRepo repo) {
        HubRepo commit = pin(repo);
        HubCache cache = new HubCache(settings.cache(), commit);
        Optional<List<HubEntry>> known = cache.files(commit.revision());
        if (known.isPresent()) {
            return new HubContents(repo, commit, known.get(), true);
        }
        if (settings.offline()) {
            return present(cache, repo, commit).orElseThrow(() -> errors.offline(repo, "what is needed"));
        }
        try {
            List<HubEntry> entries = list(commit);
            cache.rememberFiles(commit.revision(), entries);
            return new HubContents(repo, commit, entries, true);
        } catch (Problem e) {
            IOException unreachable = unreachable(e).orElseThrow(() -> e);
            HubContents present = present(cache, repo, commit).orElseThrow(() -> e);
            LOG.warn(
                    "the Hub cannot be reached ({}); using what the cache holds of {}",
                    errors.reason(unreachable),
                    repo);
            return present;
        }
    }

    private Optional<HubContents> present(HubCache cache, HubRepo repo, HubRepo commit) {
        try {
            List<HubEntry> entries = cache.present(commit.revision());
            return entries.isEmpty() ? Optional.empty() : Optional.of(new HubContents(repo, commit, entries, false));
        } catch (IOException e) {
            throw errors.of(repo, "what is in the cache", e);
        }
    }

    /** Why nobody answered, where that is the trouble. */
    private static Optional<IOException> unreachable(Problem problem) {
        return problem.getCause() instanceof IOException cause && !(cause instanceof FileSystemException)
                ? Optional.of(cause)
                : Optional.empty(); // the Hub said no
    }

    /**
     * Several files of what a repository has, eight at once; those that the cache has are not asked for.
     *
     * @param included which, by their paths
     * @return the commit's folder in the cache
     * @throws Problem as {@link #file}
     */
    public Path fetch(HubContents contents, Predicate<String> included) {
        HubRepo commit = contents.commit();
        HubCache cache = new HubCache(settings.cache(), commit);
        List<HubEntry> missing = contents.entries().stream()
                .filter(entry -> included.test(entry.path()))
                .filter(entry -> !Files.exists(cache.pointer(commit.revision(), entry.path())))
                .toList();
        if (missing.isEmpty()) {
            return cache.snapshot(commit.revision());
        }
        if (settings.offline()) {
            throw errors.offline(contents.asked(), missing.get(0).path());
        }
        try {
            cache.prepare();
            checkSpace(missing);
        } catch (IOException e) {
            throw errors.of(contents.asked(), "its files", e);
        }
        return files(commit, missing.stream().map(HubEntry::path).toList());
    }

    /**
     * What to say of something that {@code contents} does not have, and perhaps only because it is not whole: nobody could be
     * asked.
     */
    public Problem unknown(HubContents contents, String what) {
        return settings.offline()
                ? errors.offline(contents.asked(), what)
                : errors.of(contents.asked(), what, new IOException("no connection"));
    }

    /** Before the first of many files: each alone might fit. */
    private void checkSpace(List<HubEntry> entries) throws IOException {
        long missing =
                entries.stream().mapToLong(entry -> Math.max(0, entry.size())).sum();
        long free = disk.usable(settings.cache());
        if (missing > free) {
            throw BlobDownload.full(settings.cache(), missing, free);
        }
    }

    /**
     * Several files by their names, eight at once; those that the cache has are not asked for.
     *
     * @param commit as {@link #pin} gives it
     * @return the commit's folder in the cache
     * @throws Problem as {@link #file}
     */
    public Path files(HubRepo commit, List<String> names) {
        fetchAll(commit, names);
        return new HubCache(settings.cache(), commit).snapshot(commit.revision());
    }

    /** What the cache has of it, without a question to anybody. */
    public Optional<Path> cached(HubRepo repo) {
        HubCache cache = new HubCache(settings.cache(), repo);
        try {
            return cache.commit().map(cache::snapshot).filter(Files::isDirectory);
        } catch (IOException e) {
            throw errors.of(repo, "what is in the cache", e);
        }
    }

    private void fetchAll(HubRepo repo, List<String> names) {
        ExecutorService workers = Executors.newFixedThreadPool(AT_ONCE, task -> {
            Thread thread = new Thread(task, "diffusion4j-hub");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<Path>> files = names.stream()
                    .map(name -> workers.submit(() -> file(repo, name)))
                    .toList();
            for (Future<Path> file : files) {
                file.get();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Problem known ? known : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            throw Interrupts.cancelled("while fetching " + repo);
        } finally {
            workers.shutdownNow();
        }
    }

    private URI api(String path) {
        return URI.create(settings.endpoint() + "/api/" + path);
    }

    /** Whether there is such a repository; its revision may be new. */
    boolean exists(HubRepo repo) {
        try (HubHttp.Answer answer = http.get(api(repo.type().plural() + "/" + repo.id()), Map.of())) {
            if (answer.status() == 404) {
                return false;
            }
            object(repo, "the repository", answer);
            return true;
        } catch (IOException e) {
            throw errors.of(repo, "the repository", e);
        }
    }

    private Map<String, @Nullable Object> object(HubRepo repo, String what, HubHttp.Answer answer) throws IOException {
        return parsed(errors, repo, what, answer);
    }

    /** An answer that is an object. */
    static Map<String, @Nullable Object> parsed(HubErrors errors, HubRepo repo, String what, HubHttp.Answer answer)
            throws IOException {
        Object value = json(errors, repo, what, answer);
        if (value instanceof Map) {
            return Json.object(value);
        }
        throw new IOException("an answer that is no object: is this a Hub?");
    }

    /** An entry of a list in an answer, which must be an object. */
    static Map<String, @Nullable Object> entry(@Nullable Object value) throws IOException {
        if (value instanceof Map) {
            return Json.object(value);
        }
        throw new HubHttp.BadAnswer("an answer whose list holds " + Json.describe(value) + ": is this a Hub?");
    }

    private List<?> array(HubRepo repo, String what, HubHttp.Answer answer) throws IOException {
        Object value = json(errors, repo, what, answer);
        if (value instanceof List<?> list) {
            return list;
        }
        throw new IOException("an answer that is no list: is this a Hub?");
    }

    private static @Nullable Object json(HubErrors errors, HubRepo repo, String what, HubHttp.Answer answer)
            throws IOException {
        if (!answer.isGood()) {
            throw errors.of(repo, what, answer);
        }
        try {
            return Json.parse(answer.text(LONGEST_ANSWER), "the Hub's answer");
        } catch (Problem | IllegalArgumentException e) {
            throw new IOException("an answer that is no JSON: is this a Hub?", e);
        }
    }
}
