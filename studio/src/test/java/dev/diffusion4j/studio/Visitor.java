// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio;

import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Somebody who came in by the address, and calls as a page does. */
public final class Visitor {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final String base;
    private final String cookie;

    /** Comes in. */
    public Visitor(Studio studio) {
        base = "http://127.0.0.1:" + studio.port();
        String set = send(HttpRequest.newBuilder(studio.address()))
                .headers()
                .firstValue("Set-Cookie")
                .orElseThrow();
        cookie = set.split(";")[0];
    }

    /** Status and body. */
    public record Answer(int status, byte[] bytes) {
        public String text() {
            return new String(bytes, StandardCharsets.UTF_8);
        }

        public Map<String, Object> json() {
            return new LinkedHashMap<>(Json.parseObject(text(), "answer"));
        }

        /** The field that an error is about. */
        public String param() {
            return String.valueOf(Json.object(json().get("error")).get("param"));
        }
    }

    private static HttpResponse<byte[]> send(HttpRequest.Builder request) {
        try {
            return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public static String query(String... pairs) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < pairs.length; i += 2) {
            text.append(i == 0 ? "?" : "&")
                    .append(pairs[i])
                    .append('=')
                    .append(URLEncoder.encode(pairs[i + 1], StandardCharsets.UTF_8));
        }
        return text.toString();
    }

    private Answer call(HttpRequest.Builder request) {
        HttpResponse<byte[]> response = send(request.header("Cookie", cookie));
        return new Answer(response.statusCode(), response.body());
    }

    public Answer get(String path) {
        return call(HttpRequest.newBuilder(URI.create(base + path)));
    }

    /** An answer that goes on; the caller closes it. */
    public InputStream open(String path) {
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + path))
                .header("Cookie", cookie)
                .build();
        return HTTP.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream())
                .join()
                .body();
    }

    public Answer post(String path, Map<String, ?> body) {
        return post(path, BodyPublishers.ofString(Json.compact(body)), "application/json");
    }

    public Answer post(String path, byte[] body) {
        return post(path, BodyPublishers.ofByteArray(body), "image/png");
    }

    private Answer post(String path, BodyPublisher body, String type) {
        return call(HttpRequest.newBuilder(URI.create(base + path))
                .header("Content-Type", type)
                .POST(body));
    }
}
