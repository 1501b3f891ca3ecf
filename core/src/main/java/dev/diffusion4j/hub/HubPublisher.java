// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Puts files into a repository of the Hub, as one commit: small ones in the commit itself, large ones (the Hub says which) into its
 * storage before. Files of the repository that are not given stay as they are. Thread-safe.
 */
public final class HubPublisher {
    private static final String GIT_IGNORE = ".gitignore";
    private static final int SAMPLE = 512; // bytes by which the Hub distinguishes text from data
    private static final int AT_ONCE = 256; // files of one question
    private static final int LOOKS = 4; // for a commit whose answer was lost

    private final HubSettings settings;
    private final Duration firstPause;
    private final HubClient client;
    private final HubHttp http;
    private final HubErrors errors;
    private final LfsUpload storage;

    /** Tells nobody how it goes. */
    public HubPublisher(HubSettings settings) {
        this(settings, HubProgress.SILENT, Duration.ofMillis(500));
    }

    /** @param progress of what is sent to the storage */
    public HubPublisher(HubSettings settings, HubProgress progress) {
        this(settings, progress, Duration.ofMillis(500));
    }

    HubPublisher(HubSettings settings, HubProgress progress, Duration firstPause) {
        this(settings, progress, firstPause, HubHttp.LONG_PATIENCE);
    }

    /** @param longPatience for the answer to a commit */
    HubPublisher(HubSettings settings, HubProgress progress, Duration firstPause, Duration longPatience) {
        this.settings = settings;
        this.firstPause = firstPause;
        client = new HubClient(settings, HubProgress.SILENT, firstPause);
        http = new HubHttp(settings, firstPause, longPatience);
        errors = new HubErrors(settings);
        storage = new LfsUpload(settings, http, errors, progress);
    }

    /** How a file of a plan stands to the repository. */
    public enum Change {
        NEW,
        CHANGED,
        SAME
    }

    /**
     * What a commit would do.
     *
     * @param parent the commit that it follows; {@code null} where there is no repository yet
     * @param isNewBranch whether there is no such branch yet: it will begin at {@code parent}, the main branch's commit
     * @param changes by path in the repository
     * @param gitIgnore the .gitignore whose files are not sent; {@code null} for none but the repository's own
     */
    public record Plan(
            @Nullable String parent,
            boolean isNewBranch,
            Map<String, Change> changes,
            Map<String, Path> files,
            @Nullable Path gitIgnore) {
        /** The paths that a commit would send. */
        public List<String> changed() {
            return changes.entrySet().stream()
                    .filter(entry -> entry.getValue() != Change.SAME)
                    .map(Map.Entry::getKey)
                    .toList();
        }
    }

    /**
     * @param url of the commit, or of the pull request
     * @param ignored what was not sent because a .gitignore names it
     */
    public record Published(String commit, String url, List<String> ignored) {}

    /**
     * Compares files with what the repository has; sends nothing.
     *
     * @param files by their paths in the repository
     * @throws Problem (a failure) where nobody is logged in, the repository may not be seen, or a file cannot be read
     */
    public Plan plan(HubRepo repo, Map<String, Path> files) {
        return plan(repo, files, files.get(GIT_IGNORE));
    }

    /**
     * As {@link #plan(HubRepo, Map)}, for files of a folder whose .gitignore is not among them.
     *
     * @param gitIgnore where it is; {@code null} for none
     */
    public Plan plan(HubRepo repo, Map<String, Path> files, @Nullable Path gitIgnore) {
        needToken();
        Map<String, String> there = new TreeMap<>();
        @Nullable String parent = null;
        boolean isNewBranch = false;
        if (client.exists(repo)) {
            Optional<String> head = client.head(repo);
            isNewBranch = head.isEmpty() && mayBeMade(repo);
            parent = head.isPresent() ? head.get() : client.commit(isNewBranch ? repo.at(HubRepo.MAIN) : repo);
            client.list(repo.at(parent)).forEach(entry -> there.put(entry.path(), entry.etag()));
        }
        Map<String, Change> changes = new TreeMap<>();
        files.forEach((name, file) -> {
            HubPath.checkSent(name, repo);
            String present = there.get(name);
            changes.put(
                    name, present == null ? Change.NEW : isSame(file, present, repo) ? Change.SAME : Change.CHANGED);
        });
        return new Plan(parent, isNewBranch, changes, Map.copyOf(files), gitIgnore);
    }

    /** Asks how a file would be sent, which the Hub answers only to those who may write. */
    private void checkRight(HubRepo repo) throws IOException {
        Map<String, Object> file = Map.of("path", "README.md", "sample", "", "size", 0L);
        try (HubHttp.Answer answer = preupload(repo.at(HubRepo.MAIN), Map.of("files", List.of(file)), false)) {
            HubClient.parsed(errors, repo, "the right to write", answer);
        }
    }

    private HubHttp.Answer preupload(HubRepo repo, Map<String, Object> question, boolean asPullRequest)
            throws IOException {
        String path = "/api/" + repo.type().plural() + "/" + repo.id() + "/preupload/"
                + HubPath.segment(repo.revision()) + (asPullRequest ? "?create_pr=1" : "");
        return post(path, Json.compact(question), "application/json");
    }

    /** A name of a branch, which no commit has and no pull request. */
    private static boolean mayBeMade(HubRepo repo) {
        return !repo.isCommit()
                && !repo.revision().equals(HubRepo.MAIN)
                && !repo.revision().startsWith("refs/");
    }

    private void makeBranch(HubRepo repo, String start) throws IOException {
        String path = "/api/" + repo.type().plural() + "/" + repo.id() + "/branch/" + HubPath.segment(repo.revision());
        try (HubHttp.Answer answer = post(path, Json.compact(Map.of("startingPoint", start)), "application/json")) {
            if (!answer.isGood() && answer.status() != 409) { // 409: somebody else made it
                throw errors.of(repo, "the making of the branch", answer);
            }
        }
    }

    private boolean isSame(Path file, String etag, HubRepo repo) {
        try (InputStream in = Files.newInputStream(file)) {
            Checksum checksum = new Checksum(etag, Files.size(file));
            byte[] bytes = new byte[1 << 16];
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                checksum.update(java.nio.ByteBuffer.wrap(bytes, 0, read));
            }
            return checksum.isRight();
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + " for " + repo + ": " + AtomicFile.reason(e), e);
        }
    }

    /**
     * Makes the repository where there is none; one that is there stays as it is.
     *
     * @param isPrivate whether only its owners may see it
     * @throws Problem (a failure) where the token may not make it, nor write into one that is there
     */
    public void create(HubRepo repo, boolean isPrivate) {
        needToken();
        int slash = repo.id().indexOf('/');
        String owner = slash < 0 ? null : repo.id().substring(0, slash);
        Map<String, @Nullable Object> wish = new LinkedHashMap<>();
        wish.put("name", repo.id().substring(slash + 1));
        wish.put(
                "organization",
                client.whoAmI().filter(name -> name.equals(owner)).isPresent() ? null : owner);
        wish.put("type", repo.type().singular());
        wish.put("visibility", isPrivate ? "private" : "public");
        try (HubHttp.Answer answer = post("/api/repos/create", Json.compact(wish), "application/json")) {
            if (answer.status() == 403 && client.exists(repo)) { // such is a token for some repositories only
                checkRight(repo);
            } else if (!answer.isGood() && answer.status() != 409) { // 409: it is there
                throw errors.of(repo, "the making of the repository", answer);
            }
        } catch (IOException e) {
            throw errors.of(repo, "the making of the repository", e);
        }
    }

    /**
     * Sends what a plan says is new or changed; a branch that is not there is made just before the commit.
     *
     * @param message its first line is the commit's title
     * @param asPullRequest whether to propose it instead
     * @throws Problem (a failure) where the token may not write, somebody else committed since the plan was made, a file
     *     cannot be read, or the Hub cannot be reached; what the repository holds is then as before, but for a commit whose answer
     *     was lost, which is checked and reported as in doubt
     */
    public Published publish(HubRepo repo, Plan plan, String message, boolean asPullRequest) {
        if (plan.changed().isEmpty()) {
            throw Problem.failure(repo + " has all of this already: there is nothing to commit");
        }
        try {
            HubRepo base = plan.isNewBranch() ? repo.at(HubRepo.MAIN) : repo;
            Modes modes = modes(base, plan, asPullRequest);
            List<String> names = new ArrayList<>(plan.changed());
            names.removeAll(modes.ignored());
            if (names.isEmpty()) {
                throw Problem.failure("there is nothing to commit to " + repo + ": a .gitignore names all of "
                        + String.join(", ", modes.ignored()));
            }
            Map<String, String> hashes = new LinkedHashMap<>();
            for (String name : names) {
                if ("lfs".equals(modes.byName().get(name)) && Files.size(file(plan, name)) > 0) {
                    hashes.put(name, Hashes.sha256(file(plan, name)));
                }
            }
            storage.send(base, hashes, name -> file(plan, name));
            if (plan.isNewBranch()) {
                makeBranch(repo, String.valueOf(plan.parent()));
            }
            Published done = commit(repo, plan, names, hashes, message, asPullRequest);
            return new Published(done.commit(), done.url(), modes.ignored());
        } catch (IOException e) {
            throw errors.of(repo, "the commit", e);
        }
    }

    private static Path file(Plan plan, String name) {
        return java.util.Objects.requireNonNull(plan.files().get(name));
    }

    /**
     * How the Hub expects the files.
     *
     * @param byName in the commit ({@code regular}) or in its storage ({@code lfs})
     * @param ignored those that a .gitignore names, the one that is sent or the repository's own
     */
    private record Modes(Map<String, String> byName, List<String> ignored) {}

    private Modes modes(HubRepo repo, Plan plan, boolean asPullRequest) throws IOException {
        Modes modes = new Modes(new TreeMap<>(), new ArrayList<>());
        Map<String, Object> question = new TreeMap<>();
        if (plan.gitIgnore() != null) {
            question.put("gitIgnore", new String(Files.readAllBytes(plan.gitIgnore()), StandardCharsets.UTF_8));
        }
        List<String> names = plan.changed();
        for (int from = 0; from < names.size(); from += AT_ONCE) {
            List<Map<String, Object>> files = new ArrayList<>();
            for (String name : names.subList(from, Math.min(names.size(), from + AT_ONCE))) {
                Path file = file(plan, name);
                try (InputStream in = Files.newInputStream(file)) {
                    String sample = Base64.getEncoder().encodeToString(in.readNBytes(SAMPLE));
                    files.add(Map.of("path", name, "sample", sample, "size", Files.size(file)));
                }
            }
            question.put("files", files);
            try (HubHttp.Answer answer = preupload(repo, question, asPullRequest)) {
                Object list =
                        HubClient.parsed(errors, repo, "the commit", answer).get("files");
                for (Object file : list instanceof List<?> all ? all : List.of()) {
                    Map<String, @Nullable Object> entry = HubClient.entry(file);
                    String name = String.valueOf(entry.get("path"));
                    modes.byName().put(name, String.valueOf(entry.get("uploadMode")));
                    if (Boolean.TRUE.equals(entry.get("shouldIgnore")) && names.contains(name)) {
                        modes.ignored().add(name);
                    }
                }
            }
        }
        return modes;
    }

    private Published commit(
            HubRepo repo,
            Plan plan,
            List<String> names,
            Map<String, String> hashes,
            String message,
            boolean asPullRequest)
            throws IOException {
        List<String> lines = message.lines().toList();
        Map<String, @Nullable Object> header = new LinkedHashMap<>();
        header.put("summary", lines.isEmpty() ? "Upload" : lines.get(0));
        header.put(
                "description",
                lines.stream().skip(1).collect(Collectors.joining("\n")).strip());
        if (plan.parent() != null) {
            header.put("parentCommit", plan.parent());
        }
        StringBuilder body = new StringBuilder(line("header", header));
        for (String name : names) {
            body.append(fileLine(name, file(plan, name), hashes.get(name)));
        }
        try {
            return sendCommit(repo, body.toString(), asPullRequest);
        } catch (HubHttp.LostAnswer e) {
            return lookFor(repo, plan, names, asPullRequest, e);
        }
    }

    /** A file of a commit: its content, or its hash where the content was sent to the large files' storage. */
    private static String fileLine(String name, Path file, @Nullable String hash) throws IOException {
        if (hash != null) {
            return line("lfsFile", Map.of("path", name, "algo", "sha256", "oid", hash, "size", Files.size(file)));
        }
        String content = Base64.getEncoder().encodeToString(Files.readAllBytes(file));
        return line("file", Map.of("path", name, "content", content, "encoding", "base64"));
    }

    private Published sendCommit(HubRepo repo, String body, boolean asPullRequest) throws IOException {
        URI address = URI.create(settings.endpoint() + "/api/" + repo.type().plural() + "/" + repo.id() + "/commit/"
                + HubPath.segment(repo.revision()) + (asPullRequest ? "?create_pr=1" : ""));
        try (HubHttp.Answer answer =
                http.sendOnce(address, LfsUpload.text(body), Map.of("Content-Type", "application/x-ndjson"))) {
            if (answer.status() == 409 || answer.status() == 412) {
                throw Problem.failure("somebody else committed to " + repo + " meanwhile: look at it, and push again");
            }
            if (HubHttp.IN_DOUBT.contains(answer.status())) {
                throw new HubHttp.LostAnswer("status " + answer.status());
            }
            try {
                Map<String, @Nullable Object> done = HubClient.parsed(errors, repo, "the commit", answer);
                Object url = asPullRequest ? done.get("pullRequestUrl") : done.get("commitUrl");
                return new Published(String.valueOf(done.get("commitOid")), String.valueOf(url), List.of());
            } catch (IOException e) {
                throw new HubHttp.LostAnswer(errors.reason(e), e);
            }
        }
    }

    /** Without the Hub's answer to a commit: it was made where the branch has moved on and holds what was planned. */
    private Published lookFor(
            HubRepo repo, Plan plan, List<String> sent, boolean asPullRequest, HubHttp.LostAnswer problem) {
        String page = settings.endpoint() + "/" + repo.type().urlPrefix() + repo.id();
        Duration pause = firstPause;
        for (int look = 0; look < LOOKS && !asPullRequest; look++) {
            HubHttp.sleep(pause);
            pause = pause.multipliedBy(2);
            try {
                String head = client.commit(repo);
                if (!head.equals(plan.parent())
                        && Collections.disjoint(plan(repo, plan.files()).changed(), sent)) {
                    return new Published(head, page + "/commit/" + head, List.of());
                }
            } catch (Problem e) {
                break; // nothing can be seen
            }
        }
        throw Problem.failure(
                "no word came of the commit to " + repo + " (" + problem.getMessage()
                        + "); the Hub may have committed it: look at " + page
                        + (asPullRequest ? "/discussions" : "/commits/" + repo.revision()) + ", then push again",
                problem);
    }

    private static String line(String key, Map<String, ? extends @Nullable Object> value) {
        return Json.compact(Map.of("key", key, "value", value)).replace("\n", " ") + "\n";
    }

    private HubHttp.Answer post(String path, String body, String type) throws IOException {
        return http.send(
                "POST", URI.create(settings.endpoint() + path), LfsUpload.text(body), Map.of("Content-Type", type));
    }

    private void needToken() {
        if (settings.token() == null) {
            throw Problem.failure("to publish, the Hub must know you: log in first, diffuse hub login");
        }
        if (settings.offline()) {
            throw Problem.failure("HF_HUB_OFFLINE is set, so nothing can be published");
        }
    }
}
