// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import com.sun.net.httpserver.HttpExchange;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What {@link HubServer} tells of a repository's files and folders, as {@code huggingface_hub}'s file system asks for them. */
final class HubTrees {
    private static final int PAGE = 3; // entries of a page of a list

    private HubTrees() {}

    private static Map<String, Object> entry(String name, byte[] bytes) {
        Map<String, Object> entry = new TreeMap<>(
                Map.of("type", "file", "path", name, "size", bytes.length, "oid", HubServer.gitSha1(bytes)));
        if (bytes.length >= HubServer.LFS_FROM) {
            entry.put("lfs", Map.of("oid", HubServer.sha256(bytes), "size", bytes.length, "pointerSize", 130));
        }
        return entry;
    }

    private static Map<String, Object> folder(String path) {
        return new TreeMap<>(Map.of(
                "type",
                "directory",
                "path",
                path,
                "size",
                0,
                "oid",
                HubServer.sha1(path.getBytes(StandardCharsets.UTF_8))));
    }

    /** What is asked for by {@code paths=…} in the body, files and folders. */
    static void pathsInfo(HttpExchange exchange, Map<String, byte[]> files) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        List<Map<String, Object>> entries = new ArrayList<>();
        for (String path : pathsOf(body)) {
            byte[] bytes = files.get(path);
            if (bytes != null) {
                entries.add(entry(path, bytes));
            } else if (files.keySet().stream().anyMatch(name -> name.startsWith(path + "/"))) {
                entries.add(folder(path));
            }
        }
        HubServer.json(exchange, entries);
    }

    private static List<String> pathsOf(String body) {
        if (body.startsWith("{")) {
            return Json.parseObject(body, "body").get("paths") instanceof List<?> list
                    ? list.stream().map(String::valueOf).toList()
                    : List.of();
        }
        return Stream.of(body.split("&"))
                .filter(pair -> pair.startsWith("paths="))
                .map(pair -> URLDecoder.decode(pair.substring(6), StandardCharsets.UTF_8))
                .toList();
    }

    /** All below a folder, with the folders in between, or only what lies in it. */
    static void tree(HttpExchange exchange, String endpoint, Map<String, byte[]> files, String folder)
            throws IOException {
        boolean isRecursive = String.valueOf(exchange.getRequestURI().getQuery())
                .toLowerCase(Locale.ROOT)
                .contains("recursive=true");
        Map<String, Map<String, Object>> all = new TreeMap<>();
        files.forEach((name, bytes) -> {
            if (!name.startsWith(folder)) {
                return;
            }
            int slash = name.indexOf('/', folder.length());
            if (slash < 0 || isRecursive) {
                all.put(name, entry(name, bytes));
            }
            for (int end = slash; end >= 0; end = isRecursive ? name.indexOf('/', end + 1) : -1) {
                all.put(name.substring(0, end), folder(name.substring(0, end)));
            }
        });
        if (all.isEmpty() && !folder.isEmpty()) {
            HubServer.error(exchange, 404, "EntryNotFound", folder + " does not exist");
            return;
        }
        List<Map<String, Object>> entries = List.copyOf(all.values());
        String query = String.valueOf(exchange.getRequestURI().getQuery());
        int from = query.contains("cursor=") ? Integer.parseInt(query.replaceFirst(".*cursor=", "")) : 0;
        int to = Math.min(entries.size(), from + PAGE);
        if (to < entries.size()) {
            exchange.getResponseHeaders()
                    .add(
                            "Link",
                            "<" + endpoint + exchange.getRequestURI().getRawPath() + "?recursive=" + isRecursive
                                    + "&cursor=" + to + ">; rel=\"next\"");
        }
        HubServer.json(exchange, entries.subList(from, to));
    }
}
