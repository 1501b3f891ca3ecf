// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import com.sun.net.httpserver.HttpExchange;
import dev.diffusion4j.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The part of the {@link HubServer} that takes things: repositories, files in storage (in parts from 100 kB on), commits. */
final class HubWrites {
    private static final int PARTS_FROM = 100_000; // bytes
    private static final int PART = 40_000;

    private final HubServer server;
    private final Map<String, byte[]> parts = new ConcurrentHashMap<>();

    HubWrites(HubServer server) {
        this.server = server;
    }

    void onHub(HttpExchange exchange, String path) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        if (path.startsWith("/lfs/complete")) { // a signed address, which Python's client tells no token
            complete(exchange, object(body));
        } else if (!HubServer.hasToken(exchange)) {
            HubServer.error(exchange, 401, "", "Invalid username or password.");
        } else if (path.equals("/api/repos/create")) {
            create(exchange, object(body));
        } else if (path.equals("/api/validate-yaml")) { // of a card, by the Python client
            HubServer.json(exchange, Map.of("errors", List.of(), "warnings", List.of()));
        } else if (path.contains("/preupload/")) {
            preupload(exchange, path, object(body));
        } else if (path.endsWith("/info/lfs/objects/batch")) {
            batch(exchange, object(body));
        } else if (path.startsWith("/lfs/verify")) {
            verify(exchange, object(body));
        } else if (path.contains("/branch/")) {
            branch(exchange, repo(path), object(body));
        } else if (path.contains("/commit/")) {
            commit(exchange, path, new String(body, StandardCharsets.UTF_8));
        } else {
            HubServer.error(exchange, 404, "", "no such page");
        }
    }

    private static Map<String, @Nullable Object> object(byte[] body) {
        return Json.parseObject(new String(body, StandardCharsets.UTF_8), "a request");
    }

    private void create(HttpExchange exchange, Map<String, @Nullable Object> wish) throws IOException {
        HubRepo.Type type = "dataset".equals(wish.get("type")) ? HubRepo.Type.DATASET : HubRepo.Type.MODEL;
        Object owner = wish.get("organization");
        String user = String.valueOf(HubServer.user(exchange));
        HubRepo repo = new HubRepo(type, (owner == null ? user : owner) + "/" + wish.get("name"), HubRepo.MAIN);
        if (owner != null && !List.of(user, "club").contains(owner)) {
            HubServer.error(exchange, 403, "", "You don't have the rights to create a model under this namespace");
        } else if (server.create(repo, "private".equals(wish.get("visibility")))) {
            HubServer.json(exchange, Map.of("url", server.endpoint() + "/" + repo.id(), "name", repo.id(), "id", "1"));
        } else {
            HubServer.error(exchange, 409, "", "You already created this model repo");
        }
    }

    private void branch(HttpExchange exchange, HubRepo repo, Map<String, @Nullable Object> wish) throws IOException {
        if (!server.exists(repo)) {
            HubServer.error(exchange, 404, "RepoNotFound", "Repository not found");
        } else if (server.branch(repo, String.valueOf(wish.getOrDefault("startingPoint", HubRepo.MAIN)))) {
            HubServer.json(exchange, Map.of());
        } else {
            HubServer.error(exchange, 409, "", "Reference already exists");
        }
    }

    /** {@code /api/models/ORG/NAME/WORD/REV}. */
    private static HubRepo repo(String path) {
        String[] parts = path.split("/");
        HubRepo.Type type = parts[2].equals("datasets") ? HubRepo.Type.DATASET : HubRepo.Type.MODEL;
        return new HubRepo(type, parts[3] + "/" + parts[4], HubServer.decode(parts[6]));
    }

    private void preupload(HttpExchange exchange, String path, Map<String, @Nullable Object> question)
            throws IOException {
        if (!server.exists(repo(path))) {
            HubServer.error(exchange, 404, "RepoNotFound", "Repository not found");
            return;
        }
        List<String> ignored = question.get("gitIgnore") instanceof String names
                ? names.lines().toList()
                : List.of();
        List<Map<String, Object>> answers = new ArrayList<>();
        for (Object file : list(question.get("files"))) {
            Map<String, @Nullable Object> entry = Json.object(file);
            long size = ((Number) java.util.Objects.requireNonNull(entry.get("size"))).longValue();
            answers.add(Map.of(
                    "path",
                    String.valueOf(entry.get("path")),
                    "uploadMode",
                    size >= HubServer.LFS_FROM ? "lfs" : "regular",
                    "shouldIgnore",
                    ignored.contains(String.valueOf(entry.get("path"))))); // plain names only
        }
        HubServer.json(exchange, Map.of("files", answers));
    }

    private static List<?> list(@Nullable Object value) {
        return (List<?>) java.util.Objects.requireNonNull(value);
    }

    private void batch(HttpExchange exchange, Map<String, @Nullable Object> question) throws IOException {
        List<Map<String, Object>> answers = new ArrayList<>();
        for (Object object : list(question.get("objects"))) {
            Map<String, @Nullable Object> entry = Json.object(object);
            String oid = String.valueOf(entry.get("oid"));
            long size = ((Number) java.util.Objects.requireNonNull(entry.get("size"))).longValue();
            Map<String, Object> answer = new LinkedHashMap<>(Map.of("oid", oid, "size", size));
            if (!server.objects().containsKey(oid)) {
                answer.put(
                        "actions",
                        Map.of(
                                "upload",
                                upload(oid, size),
                                "verify",
                                Map.of("href", server.endpoint() + "/lfs/verify")));
            }
            answers.add(answer);
        }
        HubServer.json(exchange, Map.of("transfer", "multipart", "objects", answers));
    }

    private Map<String, Object> upload(String oid, long size) {
        if (size < PARTS_FROM) {
            return Map.of("href", server.storageHost() + "/put/" + oid);
        }
        Map<String, String> header = new TreeMap<>(Map.of("chunk_size", String.valueOf(PART)));
        for (int i = 1; (long) (i - 1) * PART < size; i++) {
            header.put(String.valueOf(i), server.storageHost() + "/put/" + oid + "/" + i);
        }
        return Map.of("href", server.endpoint() + "/lfs/complete", "header", header);
    }

    /** {@code /put/OID}, or {@code /put/OID/PART}. */
    void onStorage(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String[] names =
                exchange.getRequestURI().getPath().substring("/put/".length()).split("/");
        if (names.length > 1) {
            parts.put(names[0] + "/" + names[1], body);
        } else {
            server.objects().put(names[0], body);
        }
        exchange.getResponseHeaders().add("ETag", "\"" + HubServer.gitSha1(body) + "\"");
        exchange.sendResponseHeaders(200, -1);
    }

    private void complete(HttpExchange exchange, Map<String, @Nullable Object> question) throws IOException {
        String oid = String.valueOf(question.get("oid"));
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        for (Object part : list(question.get("parts"))) {
            Map<String, @Nullable Object> entry = Json.object(part);
            byte[] bytes = parts.get(oid + "/" + entry.get("partNumber"));
            if (bytes == null || !("\"" + HubServer.gitSha1(bytes) + "\"").equals(entry.get("etag"))) {
                HubServer.error(exchange, 400, "", "a part is missing or wrong");
                return;
            }
            whole.write(bytes);
        }
        server.objects().put(oid, whole.toByteArray());
        HubServer.json(exchange, Map.of());
    }

    private void verify(HttpExchange exchange, Map<String, @Nullable Object> question) throws IOException {
        String oid = String.valueOf(question.get("oid"));
        byte[] bytes = server.objects().get(oid);
        if (bytes != null && HubServer.sha256(bytes).equals(oid)) {
            HubServer.json(exchange, Map.of());
        } else {
            HubServer.error(exchange, 404, "", "not in the storage, or wrong");
        }
    }

    private void commit(HttpExchange exchange, String path, String body) throws IOException {
        HubRepo repo = repo(path);
        Map<String, byte[]> files = new HashMap<>(server.files(repo));
        for (String line : body.lines().toList()) {
            Map<String, @Nullable Object> entry = Json.parseObject(line, "a line of a commit");
            Map<String, @Nullable Object> value = Json.object(entry.get("value"));
            String name = String.valueOf(value.get("path"));
            switch (String.valueOf(entry.get("key"))) {
                case "header" -> {
                    Object parent = value.get("parentCommit");
                    if (parent != null && !parent.equals(server.head(repo))) {
                        HubServer.error(
                                exchange, 412, "", "A commit has happened since. Please refresh and try again.");
                        return;
                    }
                }
                case "file" -> files.put(name, Base64.getDecoder().decode(String.valueOf(value.get("content"))));
                case "lfsFile" -> {
                    byte[] bytes = server.objects().get(String.valueOf(value.get("oid")));
                    if (bytes == null) {
                        HubServer.error(exchange, 400, "", "the storage has no such object");
                        return;
                    }
                    files.put(name, bytes);
                }
                case "deletedFile" -> files.remove(name);
                default -> {
                    HubServer.error(exchange, 400, "", "no such operation");
                    return;
                }
            }
        }
        boolean isProposed = String.valueOf(exchange.getRequestURI().getQuery()).contains("create_pr=1");
        String commit = server.commit(isProposed ? repo.at("refs/pr/1") : repo, files);
        Map<String, Object> answer = new LinkedHashMap<>(Map.of(
                "success",
                true,
                "commitOid",
                commit,
                "commitUrl",
                server.endpoint() + "/" + repo.id() + "/commit/" + commit,
                "hookOutput",
                ""));
        if (isProposed) {
            answer.put("pullRequestUrl", server.endpoint() + "/" + repo.id() + "/discussions/1");
        }
        HubServer.json(exchange, answer);
    }
}
