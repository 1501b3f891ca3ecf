// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Large files go to the Hub's storage by git LFS's batch protocol: in one piece, or in parts where the Hub asks for parts. */
final class LfsUpload {
    private static final String LFS = "application/vnd.git-lfs+json";
    private static final Map<String, String> HEADERS = Map.of("Content-Type", LFS, "Accept", LFS);

    private final HubSettings settings;
    private final HubHttp http;
    private final HubErrors errors;
    private final HubProgress progress;

    LfsUpload(HubSettings settings, HubHttp http, HubErrors errors, HubProgress progress) {
        this.settings = settings;
        this.http = http;
        this.errors = errors;
        this.progress = progress;
    }

    static HubHttp.Body text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new HubHttp.Body() {
            @Override
            public long length() {
                return bytes.length;
            }

            @Override
            public void writeTo(OutputStream out) throws IOException {
                out.write(bytes);
            }
        };
    }

    /** @param hashes SHA-256 of each file, by its path in the repository */
    void send(HubRepo repo, Map<String, String> hashes, Function<String, Path> file) throws IOException {
        if (hashes.isEmpty()) {
            return;
        }
        Map<String, Path> byHash = new TreeMap<>();
        hashes.forEach((name, hash) -> byHash.put(hash, file.apply(name)));
        List<Map<String, Object>> objects = new ArrayList<>();
        for (Map.Entry<String, Path> entry : byHash.entrySet()) {
            objects.add(Map.of("oid", entry.getKey(), "size", Files.size(entry.getValue())));
        }
        Map<String, Object> question = Map.of(
                "operation",
                "upload",
                "transfers",
                List.of("basic", "multipart"),
                "objects",
                objects,
                "hash_algo",
                "sha256",
                "ref",
                Map.of("name", repo.revision()));
        URI address = URI.create(
                settings.endpoint() + "/" + repo.type().urlPrefix() + repo.id() + ".git/info/lfs/objects/batch");
        try (HubHttp.Answer answer = post(address, question)) {
            Object list = HubClient.parsed(errors, repo, "the storage", answer).get("objects");
            for (Object object : list instanceof List<?> all ? all : List.of()) {
                Map<String, @Nullable Object> entry = HubClient.entry(object);
                Path path = byHash.get(String.valueOf(entry.get("oid")));
                if (path != null) {
                    one(repo, entry, path, address);
                }
            }
        }
    }

    private HubHttp.Answer post(URI address, Object question) throws IOException {
        return http.send("POST", address, text(Json.compact(question)), HEADERS);
    }

    /** @param from the address whose answer {@code object} is */
    private void one(HubRepo repo, Map<String, @Nullable Object> object, Path file, URI from) throws IOException {
        if (object.get("error") instanceof Map<?, ?> error) {
            throw Problem.failure("the storage of " + repo + " does not take " + file + ": " + error.get("message"));
        }
        if (!(object.get("actions") instanceof Map<?, ?> actions)
                || !(actions.get("upload") instanceof Map<?, ?> upload)) {
            return; // it is there already
        }
        String oid = String.valueOf(object.get("oid"));
        URI href = place(from, upload.get("href"));
        Map<String, String> header = new TreeMap<>();
        if (upload.get("header") instanceof Map<?, ?> all) {
            all.forEach((key, value) -> header.put(String.valueOf(key), String.valueOf(value)));
        }
        String chunk = header.remove("chunk_size");
        if (chunk == null) {
            put(href, file, 0, Files.size(file), header, repo).close();
        } else {
            inParts(href, file, chunkSize(chunk), header, oid, repo);
        }
        if (actions.get("verify") instanceof Map<?, ?> verify) {
            try (HubHttp.Answer answer =
                    post(place(from, verify.get("href")), Map.of("oid", oid, "size", Files.size(file)))) {
                good(answer, file, repo);
            }
        }
    }

    private static URI place(URI from, @Nullable Object href) throws IOException {
        return HubHttp.absolute(from, String.valueOf(href), "a place in the storage that leads");
    }

    private static long chunkSize(String text) throws IOException {
        if (!text.matches("[1-9]\\d{0,17}")) {
            throw new HubHttp.BadAnswer("parts of '" + text + "' bytes");
        }
        return Long.parseLong(text);
    }

    /** @param addresses of the parts, by number from 1 */
    private void inParts(URI href, Path file, long chunk, Map<String, String> addresses, String oid, HubRepo repo)
            throws IOException {
        List<Map<String, Object>> parts = new ArrayList<>();
        long size = Files.size(file);
        for (long from = 0; from < size; from += chunk) {
            int number = parts.size() + 1;
            String address = addresses.entrySet().stream()
                    .filter(entry -> entry.getKey().matches("0*" + number))
                    .map(Map.Entry::getValue)
                    .findFirst()
                    .orElseThrow(() -> new HubHttp.BadAnswer("the storage names no place for part " + number));
            try (HubHttp.Answer answer =
                    put(place(href, address), file, from, Math.min(chunk, size - from), Map.of(), repo)) {
                parts.add(Map.of("partNumber", number, "etag", answer.header("ETag")));
            }
        }
        HubHttp.Body whole = text(Json.compact(Map.of("oid", oid, "parts", parts)));
        try (HubHttp.Answer answer = http.sendOnce(href, whole, HEADERS)) {
            good(answer, file, repo);
        } catch (HubHttp.LostAnswer e) {
            throw Problem.failure(
                    "no word came of the storage about " + file + " for " + repo + " (" + e.getMessage()
                            + "): try again; nothing was committed",
                    e);
        }
    }

    private HubHttp.Answer put(
            URI address, Path file, long from, long length, Map<String, String> headers, HubRepo repo)
            throws IOException {
        HubHttp.Answer answer = http.send("PUT", address, part(file, from, length), headers);
        good(answer, file, repo);
        progress.onBytes(length);
        return answer;
    }

    private void good(HubHttp.Answer answer, Path file, HubRepo repo) throws IOException {
        if (!answer.isGood()) {
            try (answer) {
                throw Problem.failure("the storage answered " + answer.status() + " to " + file + " for " + repo
                        + ": try again; nothing was committed");
            }
        }
    }

    private static HubHttp.Body part(Path file, long from, long length) {
        return new HubHttp.Body() {
            @Override
            public long length() {
                return length;
            }

            @Override
            public void writeTo(OutputStream out) throws IOException {
                try (InputStream in = Files.newInputStream(file)) {
                    in.skipNBytes(from);
                    byte[] bytes = new byte[1 << 17];
                    for (long left = length; left > 0; ) {
                        int read = in.read(bytes, 0, (int) Math.min(bytes.length, left));
                        if (read < 0) {
                            throw new IOException(file + " became shorter while it was sent");
                        }
                        out.write(bytes, 0, read);
                        left -= read;
                    }
                }
            }
        };
    }
}
