// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is sent, the server answers, says that it was the caller's fault, and goes on. The seeds are fixed. */
@Timeout(60)
class BrokenRequestsTest {
    private static final int MUTATIONS = 60;

    private static DiffusionServer server;
    private static Client client;
    private static byte[] picture;

    @BeforeAll
    static void start() {
        server = DiffusionServer.start(
                Map.of("tiny", ServiceModel.at(Path.of("../core/src/test/resources/golden/tiny-sd"))),
                ServiceConfig.DEFAULT,
                ServerConfig.DEFAULT.with(c -> {
                    c.port = 0;
                    c.limits = Limits.DEFAULT.with(l -> {
                        l.pixels = 64 * 64;
                        l.steps = 4;
                        l.count = 2;
                        l.body = 100_000;
                    });
                }));
        client = Client.of(server);
        picture =
                Client.file(Client.picture(client.post("/v1/images/generations", "{\"prompt\":\"a\",\"steps\":2}"), 0));
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    /** Some bytes changed, left out or there twice, or the end missing. */
    private static byte[] mutated(byte[] whole, Random random) {
        byte[] body = whole.clone();
        int at = random.nextInt(body.length);
        switch (random.nextInt(4)) {
            case 0 -> body[at] = (byte) random.nextInt(256);
            case 1 -> body = Arrays.copyOf(body, at);
            case 2 -> {
                byte[] twice = Arrays.copyOf(body, body.length + at);
                System.arraycopy(body, 0, twice, body.length, at);
                body = twice;
            }
            default -> {
                for (int i = 0; i < 5; i++) {
                    body[random.nextInt(body.length)] = (byte) "{}[]\":,-0\r\n".charAt(random.nextInt(11));
                }
            }
        }
        return body;
    }

    private static void assertAnswered(String path, String type, byte[] valid, long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] body = mutated(valid, random);
            HttpResponse<byte[]> response = client.send(client.to(path)
                    .header("Content-Type", type)
                    .POST(BodyPublishers.ofByteArray(body))
                    .build());
            assertThat(response.statusCode())
                    .as("%s, mutation %d: %s", path, i, new String(body, StandardCharsets.ISO_8859_1))
                    .isLessThan(500);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/images/generations {\"prompt\":\"a cat\",\"n\":1,\"steps\":2,\"size\":\"32x32\",\"sampler\":\"ddim\",\"seed\":3,\"loras\":[\"x:1\"]}",
                "/api/v1/jobs {\"model\":\"tiny\",\"request\":{\"subject\":{\"prompts\":[\"a\"]},\"sampling\":{\"steps\":2}},\"guides\":[\"color=#ff0000:3\"],\"sweep\":[1,2]}",
                "/sdapi/v1/txt2img {\"prompt\":\"a (red:1.2) cat\",\"steps\":2,\"width\":32,\"height\":32,\"sampler_name\":\"Euler a\",\"override_settings\":{}}"
            })
    void broken_json_is_the_callers_fault(String call) {
        String[] parts = call.split(" ", 2);
        assertAnswered(parts[0], "application/json", parts[1].getBytes(StandardCharsets.UTF_8), 1);
    }

    @Test
    void broken_forms_and_pictures_are_the_callers_fault() {
        byte[] head =
                "--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na\r\n--b\r\nContent-Disposition: form-data; name=\"steps\"\r\n\r\n4\r\n--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"x.png\"\r\n\r\n"
                        .getBytes(StandardCharsets.UTF_8);
        byte[] end = "\r\n--b--\r\n".getBytes(StandardCharsets.UTF_8);
        byte[] form = Arrays.copyOf(head, head.length + picture.length + end.length);
        System.arraycopy(picture, 0, form, head.length, picture.length);
        System.arraycopy(end, 0, form, head.length + picture.length, end.length);
        assertAnswered("/v1/images/edits", "multipart/form-data; boundary=b", form, 2);
    }

    @Test
    void a_part_with_an_endless_head_is_refused() {
        String form = "--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\nX: " + "x".repeat(10_000)
                + "\r\n\r\na\r\n--b--\r\n";
        HttpResponse<byte[]> response = client.send(client.to("/v1/images/edits")
                .header("Content-Type", "multipart/form-data; boundary=b")
                .POST(BodyPublishers.ofString(form))
                .build());
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(String.valueOf(Client.error(response).get("message"))).contains("head");
    }

    @Test
    void a_picture_that_would_unpack_to_gigabytes_is_refused_by_its_head() {
        byte[] bomb = picture.clone();
        Arrays.fill(bomb, 16, 24, (byte) 0);
        bomb[18] = 1; // 65,536 wide
        bomb[22] = 1; // and high
        HttpResponse<byte[]> response = client.form("/v1/images/edits", Map.of("image", bomb), Map.of("prompt", "a"));
        assertThat(response.statusCode()).isIn(400, 422);
        String text = Base64.getEncoder().encodeToString(bomb);
        assertThat(client.post("/sdapi/v1/img2img", "{\"prompt\":\"a\",\"init_images\":[\"" + text + "\"]}")
                        .statusCode())
                .isIn(400, 422);
    }

    @Test
    void connections_that_say_nothing_or_half_of_it_leave_the_server_answering() throws IOException {
        List<Socket> open = new ArrayList<>();
        try {
            for (int i = 0; i < 200; i++) {
                open.add(client.raw(
                        i % 2 == 0 ? "" : "POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Le"));
            }
            for (int i = 0; i < 20; i++) {
                open.add(client.raw(
                        "POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{"));
                open.get(open.size() - 1).shutdownOutput();
            }
            assertThat(client.get("/health").statusCode()).isEqualTo(200);
            assertThat(client.post("/v1/images/generations", "{\"prompt\":\"a\",\"steps\":2}")
                            .statusCode())
                    .isEqualTo(200);
        } finally {
            for (Socket socket : open) {
                socket.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense\r\n\r\n",
                "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
                "GET /v1/models HTTP/1.1\r\n\r\n",
                "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                "POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            })
    void what_is_no_http_is_refused(String text) throws IOException {
        assertThat(client.status(text)).isBetween(400, 499 + 6); // 505 is HTTP's own word for another version
    }
}
