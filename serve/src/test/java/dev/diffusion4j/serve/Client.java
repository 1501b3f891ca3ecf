// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.json.Json;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;

/** Whoever calls a server, over real HTTP. */
record Client(int port, HttpClient http) {
    static Client of(DiffusionServer server) {
        return new Client(server.port(), HttpClient.newHttpClient());
    }

    HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    }

    HttpResponse<byte[]> send(HttpRequest request) {
        try {
            return http.send(request, BodyHandlers.ofByteArray());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    HttpResponse<byte[]> get(String path) {
        return send(to(path).build());
    }

    HttpResponse<byte[]> post(String path, String body) {
        return send(to(path).header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build());
    }

    /** Pictures under their names, texts under theirs. */
    HttpResponse<byte[]> form(String path, Map<String, byte[]> files, Map<String, String> texts) {
        java.io.ByteArrayOutputStream body = new java.io.ByteArrayOutputStream();
        texts.forEach((name, text) ->
                body.writeBytes(("--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + text + "\r\n")
                        .getBytes(StandardCharsets.UTF_8)));
        files.forEach((name, file) -> {
            body.writeBytes(("--b\r\nContent-Disposition: form-data; name=\"" + name
                            + "\"; filename=\"../../x.png\"\r\nContent-Type: image/png\r\n\r\n")
                    .getBytes(StandardCharsets.UTF_8));
            body.writeBytes(file);
            body.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
        });
        body.writeBytes("--b--\r\n".getBytes(StandardCharsets.UTF_8));
        return send(to(path).header("Content-Type", "multipart/form-data; boundary=b")
                .POST(BodyPublishers.ofByteArray(body.toByteArray()))
                .build());
    }

    /** A connection over which {@code text} was sent as it is. */
    Socket raw(String text) throws IOException {
        Socket socket = new Socket("127.0.0.1", port);
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
        return socket;
    }

    /** The status of the answer to {@code text}. */
    int status(String text) throws IOException {
        try (Socket socket = raw(text)) {
            byte[] head = socket.getInputStream().readNBytes(12);
            return Integer.parseInt(new String(head, StandardCharsets.US_ASCII).substring(9));
        }
    }

    static Map<String, @Nullable Object> json(HttpResponse<byte[]> response) {
        return Json.parseObject(new String(response.body(), StandardCharsets.UTF_8), "the answer");
    }

    static Map<String, @Nullable Object> error(HttpResponse<byte[]> response) {
        return Json.object(json(response).get("error"));
    }

    /** One of the pictures of an answer. */
    static Map<String, @Nullable Object> picture(HttpResponse<byte[]> response, int index) {
        List<?> data = (List<?>) java.util.Objects.requireNonNull(json(response).get("data"));
        return Json.object(data.get(index));
    }

    static byte[] file(Map<String, @Nullable Object> picture) {
        return Base64.getDecoder().decode(String.valueOf(picture.get("b64_json")));
    }

    static int[] pixels(byte[] file) {
        try {
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(file));
            return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
