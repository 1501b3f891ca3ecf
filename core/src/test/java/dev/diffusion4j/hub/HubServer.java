// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Speaks the Hub's protocol on the loopback: repositories with branches and commits, files in git and in LFS, the latter behind a
 * redirect to another host (a second port, as the Hub's storage is), ranges, and whatever may go wrong. {@code oracle/} runs the real
 * Python client against it.
 */
public final class HubServer implements AutoCloseable {
    static final int LFS_FROM = 1000; // bytes

    private final HubWrites writes = new HubWrites(this);
    private final HttpServer hub;
    private final HttpServer storage;
    private final Map<String, Repository> repositories = new ConcurrentHashMap<>();
    private final Map<String, byte[]> objects = new ConcurrentHashMap<>();
    private final Map<String, Trouble> troubles = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();

    /** A repository: what each commit holds, by path, and which commit each branch is. */
    private static final class Repository {
        final Map<String, Map<String, byte[]>> commits = new LinkedHashMap<>();
        final Map<String, String> branches = new TreeMap<>();
        boolean isPrivate;
        boolean isGated;
    }

    /** What was asked, and by whom. */
    public record Request(String host, String method, String path, String token, String range) {}

    /** What goes wrong with a path; once asked for it may say that all is well again. */
    @FunctionalInterface
    public interface Trouble {
        /** Whether it answered. */
        boolean answer(HttpExchange exchange, byte[] content) throws IOException;
    }

    public HubServer() throws IOException {
        hub = start(this::onHub);
        storage = start(this::onStorage);
    }

    private HttpServer start(com.sun.net.httpserver.HttpHandler handler) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                handler.handle(exchange);
            } catch (RuntimeException e) {
                e.printStackTrace();
                throw e;
            }
        });
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "hub-server");
            thread.setDaemon(true);
            return thread;
        }));
        server.start();
        return server;
    }

    /** What {@code HF_ENDPOINT} is to be. */
    public String endpoint() {
        return "http://127.0.0.1:" + hub.getAddress().getPort();
    }

    /** A client that does not wait long between two tries. */
    public static HubClient client(HubSettings settings) {
        return new HubClient(settings, HubProgress.SILENT, Duration.ofMillis(5));
    }

    String storageHost() {
        return "http://localhost:" + storage.getAddress().getPort();
    }

    /** A new commit on a branch that holds these files and no others; gives its name. */
    public String commit(HubRepo repo, Map<String, byte[]> files) {
        Repository repository = repositories.computeIfAbsent(repo.folderName(), key -> new Repository());
        String commit = sha1((repo.folderName() + repository.commits.size()).getBytes(StandardCharsets.UTF_8));
        repository.commits.put(commit, Map.copyOf(files));
        repository.branches.put(repo.revision(), commit);
        files.values().forEach(bytes -> objects.put(sha256(bytes), bytes));
        return commit;
    }

    /** Makes an empty repository; false where it is there. */
    boolean create(HubRepo repo, boolean isPrivate) {
        Repository fresh = new Repository();
        fresh.isPrivate = isPrivate;
        if (repositories.putIfAbsent(repo.folderName(), fresh) != null) {
            return false;
        }
        commit(repo, Map.of(".gitattributes", "*.safetensors filter=lfs\n".getBytes(StandardCharsets.UTF_8)));
        return true;
    }

    /** A new branch that begins at a branch or a commit; false where it cannot be. */
    boolean branch(HubRepo repo, String start) {
        Repository repository = repository(repo);
        String commit = repository.commits.containsKey(start) ? start : repository.branches.get(start);
        return commit != null && repository.branches.putIfAbsent(repo.revision(), commit) == null;
    }

    /** What a branch holds now; empty where there is none. */
    public Map<String, byte[]> files(HubRepo repo) {
        Repository repository = repositories.get(repo.folderName());
        String commit = repository == null ? null : repository.branches.get(repo.revision());
        return repository == null || commit == null
                ? Map.of()
                : java.util.Objects.requireNonNull(repository.commits.get(commit));
    }

    /** The commit of a branch. */
    String head(HubRepo repo) {
        return String.valueOf(repository(repo).branches.get(repo.revision()));
    }

    boolean exists(HubRepo repo) {
        return repositories.containsKey(repo.folderName());
    }

    /** What lies in the storage, by SHA-256. */
    Map<String, byte[]> objects() {
        return objects;
    }

    /** All files below a folder as a commit. */
    public String commit(HubRepo repo, Path folder) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
                files.put(folder.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
            }
        }
        return commit(repo, files);
    }

    /** Only who has a token may see it. */
    public void hide(HubRepo repo) {
        repository(repo).isPrivate = true;
    }

    /** Its conditions must be accepted first. */
    public void gate(HubRepo repo) {
        repository(repo).isGated = true;
    }

    private Repository repository(HubRepo repo) {
        return java.util.Objects.requireNonNull(repositories.get(repo.folderName()));
    }

    /** From now on, for all requests whose path ends so, on either host. */
    public void trouble(String pathEnd, Trouble trouble) {
        troubles.put(pathEnd, trouble);
    }

    public void noTrouble() {
        troubles.clear();
    }

    /** Everything that was asked so far. */
    public List<Request> requests() {
        return List.copyOf(requests);
    }

    public void forgetRequests() {
        requests.clear();
    }

    private void log(String host, HttpExchange exchange) {
        requests.add(new Request(
                host,
                exchange.getRequestMethod(),
                exchange.getRequestURI().getPath(),
                String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")),
                String.valueOf(exchange.getRequestHeaders().getFirst("Range"))));
    }

    private boolean isTroubled(HttpExchange exchange, byte[] content) throws IOException {
        for (Map.Entry<String, Trouble> entry : troubles.entrySet()) {
            if (exchange.getRequestURI().getPath().endsWith(entry.getKey())
                    && entry.getValue().answer(exchange, content)) {
                return true;
            }
        }
        return false;
    }

    private void onHub(HttpExchange exchange) throws IOException {
        log("hub", exchange);
        if (isTroubled(exchange, new byte[0])) {
            return;
        }
        String path = exchange.getRequestURI().getRawPath();
        if (path.equals("/api/whoami-v2")) {
            whoAmI(exchange);
        } else if (path.startsWith("/api/") && path.contains("/paths-info/")) {
            api(exchange, path.startsWith("/api/models/") ? HubRepo.Type.MODEL : HubRepo.Type.DATASET, path);
        } else if (exchange.getRequestMethod().equals("POST")) {
            writes.onHub(exchange, path);
        } else if (path.startsWith("/api/models/") || path.startsWith("/api/datasets/")) {
            api(exchange, path.startsWith("/api/models/") ? HubRepo.Type.MODEL : HubRepo.Type.DATASET, path);
        } else if (path.contains("/resolve/")) {
            resolve(exchange, path);
        } else {
            error(exchange, 404, "", "no such page");
        }
    }

    static boolean hasToken(HttpExchange exchange) {
        return user(exchange) != null;
    }

    /** Whose token it is: {@code hf_right} is ada's, {@code hf_right_bob} is bob's. */
    static @Nullable String user(HttpExchange exchange) {
        String token = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
        return token.equals("Bearer hf_right")
                ? "ada"
                : token.startsWith("Bearer hf_right_") ? token.substring("Bearer hf_right_".length()) : null;
    }

    private void whoAmI(HttpExchange exchange) throws IOException {
        String user = user(exchange);
        if (user != null) {
            json(
                    exchange,
                    Map.of("type", "user", "name", user, "orgs", List.of(), "auth", Map.of("type", "access_token")));
        } else {
            error(exchange, 401, "", "Invalid username or password.");
        }
    }

    /** {@code /api/models/ORG/NAME/revision/REV}, {@code …/tree/REV}. */
    private void api(HttpExchange exchange, HubRepo.Type type, String path) throws IOException {
        String[] parts =
                path.substring(("/api/" + type.plural() + "/").length()).split("/");
        if (parts.length < 2) {
            error(exchange, 404, "RepoNotFound", "Repository not found");
            return;
        }
        String revision = parts.length > 3 ? decode(parts[3]) : HubRepo.MAIN;
        Found found = find(exchange, type, parts[0] + "/" + parts[1], revision);
        if (found == null) {
            return;
        }
        if (parts.length > 2 && parts[2].equals("tree")) {
            String folder = Stream.of(parts).skip(4).map(HubServer::decode).collect(Collectors.joining("/"));
            HubTrees.tree(exchange, endpoint(), found.files, folder.isEmpty() ? "" : folder + "/");
            return;
        }
        if (parts.length > 2 && parts[2].equals("paths-info")) {
            HubTrees.pathsInfo(exchange, found.files);
            return;
        }
        List<Map<String, Object>> siblings = new ArrayList<>();
        found.files.keySet().forEach(name -> siblings.add(Map.of("rfilename", name)));
        json(
                exchange,
                new TreeMap<>(Map.of(
                        "id",
                        parts[0] + "/" + parts[1],
                        "sha",
                        found.commit,
                        "private",
                        false,
                        "gated",
                        false,
                        "tags",
                        List.of(),
                        "siblings",
                        siblings)));
    }

    private record Found(String commit, Map<String, byte[]> files) {}

    /** Answers itself, and gives {@code null}, where there is none, or who asks may not see it. */
    private @Nullable Found find(HttpExchange exchange, HubRepo.Type type, String id, String revision)
            throws IOException {
        Repository repository = repositories.get(new HubRepo(type, id, HubRepo.MAIN).folderName());
        if (repository == null || (repository.isPrivate && !hasToken(exchange))) {
            // the Hub does not tell a stranger which of the two it is
            boolean isKnown = hasToken(exchange);
            error(exchange, isKnown ? 404 : 401, "RepoNotFound", "Repository not found");
            return null;
        }
        if (repository.isGated) {
            error(exchange, 403, "GatedRepo", "Access to " + id + " is restricted");
            return null;
        }
        String commit = repository.commits.containsKey(revision) ? revision : repository.branches.get(revision);
        if (commit == null) {
            error(exchange, 404, "RevisionNotFound", "Invalid rev id: " + revision);
            return null;
        }
        return new Found(commit, java.util.Objects.requireNonNull(repository.commits.get(commit)));
    }

    /** {@code /ORG/NAME/resolve/REV/FILE}, data sets below {@code /datasets}. */
    private void resolve(HttpExchange exchange, String path) throws IOException {
        boolean isDataset = path.startsWith("/datasets/");
        String[] halves = path.substring(isDataset ? 10 : 1).split("/resolve/", 2);
        String[] rest = halves[1].split("/", 2);
        Found found = find(exchange, isDataset ? HubRepo.Type.DATASET : HubRepo.Type.MODEL, halves[0], decode(rest[0]));
        if (found == null) {
            return;
        }
        exchange.getResponseHeaders().add("X-Repo-Commit", found.commit);
        byte[] bytes = found.files.get(decode(rest[1]));
        if (bytes == null) {
            error(exchange, 404, "EntryNotFound", "Entry not found");
        } else if (bytes.length >= LFS_FROM) {
            exchange.getResponseHeaders().add("X-Linked-Etag", "\"" + sha256(bytes) + "\"");
            exchange.getResponseHeaders().add("X-Linked-Size", String.valueOf(bytes.length));
            exchange.getResponseHeaders().add("ETag", "\"redirect\"");
            exchange.getResponseHeaders().add("Location", storageHost() + "/objects/" + sha256(bytes) + "?signature=1");
            exchange.sendResponseHeaders(302, -1);
        } else {
            exchange.getResponseHeaders().add("ETag", "\"" + gitSha1(bytes) + "\"");
            content(exchange, bytes);
        }
    }

    private void onStorage(HttpExchange exchange) throws IOException {
        log("storage", exchange);
        if (exchange.getRequestMethod().equals("PUT")) {
            writes.onStorage(exchange);
            return;
        }
        byte[] bytes = objects.get(exchange.getRequestURI().getPath().replaceFirst("^/objects/", ""));
        if (bytes == null) {
            error(exchange, 404, "", "no such object");
        } else if (!isTroubled(exchange, bytes)) {
            content(exchange, bytes);
        }
    }

    /** Whole or from where it is asked. */
    private static void content(HttpExchange exchange, byte[] bytes) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        int from = range == null
                ? 0
                : Integer.parseInt(range.replaceFirst("bytes=", "").replaceFirst("-.*", ""));
        if (from > 0 && from >= bytes.length) {
            exchange.sendResponseHeaders(416, -1);
            return;
        }
        int length = bytes.length - from;
        if (from > 0) {
            exchange.getResponseHeaders()
                    .add("Content-Range", "bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
        }
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseHeaders().add("Content-Length", String.valueOf(length));
            exchange.sendResponseHeaders(200, -1);
            return;
        }
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, length == 0 ? -1 : length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes, from, length);
        }
    }

    static void json(HttpExchange exchange, Object value) throws IOException {
        byte[] bytes = Json.compact(value).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, exchange.getRequestMethod().equals("HEAD") ? -1 : bytes.length);
        if (!exchange.getRequestMethod().equals("HEAD")) {
            exchange.getResponseBody().write(bytes);
        }
    }

    /** As the Hub says what is wrong. */
    public static void error(HttpExchange exchange, int status, String code, String message) throws IOException {
        if (!code.isEmpty()) {
            exchange.getResponseHeaders().add("X-Error-Code", code);
        }
        exchange.getResponseHeaders().add("X-Error-Message", message);
        byte[] bytes = Json.compact(Map.of("error", message)).getBytes(StandardCharsets.UTF_8);
        boolean isHead = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, isHead ? -1 : bytes.length);
        if (!isHead) {
            exchange.getResponseBody().write(bytes);
        }
    }

    static String decode(String text) {
        return URI.create("http://h/" + text).getPath().substring(1);
    }

    static String sha256(byte[] bytes) {
        return Hashes.hex(Hashes.digest("SHA-256").digest(bytes));
    }

    static String sha1(byte[] bytes) {
        return Hashes.hex(Hashes.digest("SHA-1").digest(bytes));
    }

    static String gitSha1(byte[] bytes) {
        MessageDigest digest = Hashes.digest("SHA-1");
        digest.update(("blob " + bytes.length + "\0").getBytes(StandardCharsets.US_ASCII));
        return Hashes.hex(digest.digest(bytes));
    }

    /** Serves a folder: {@code HubServer FOLDER} with {@code FOLDER/models/ORG/NAME/…}; prints the endpoint; ends with its input. */
    public static void main(String[] arguments) throws IOException {
        Path root = Path.of(arguments[0]);
        try (HubServer server = new HubServer()) {
            for (HubRepo.Type type : HubRepo.Type.values()) {
                Path kind = root.resolve(type.plural());
                if (!Files.isDirectory(kind)) {
                    continue;
                }
                try (Stream<Path> folders = Files.walk(kind, 2)) {
                    folders.filter(folder -> kind.relativize(folder).getNameCount() == 2)
                            .forEach(folder -> {
                                try {
                                    server.commit(
                                            new HubRepo(
                                                    type,
                                                    kind.relativize(folder).toString(),
                                                    HubRepo.MAIN),
                                            folder);
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            });
                }
            }
            System.out.println(server.endpoint());
            while (System.in.read() >= 0) {
                // until whoever started it is gone
            }
        }
    }

    @Override
    public void close() {
        hub.stop(0);
        storage.stop(0);
    }
}
