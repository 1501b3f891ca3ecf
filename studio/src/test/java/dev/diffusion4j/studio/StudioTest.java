// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who comes into a studio, and where a place may lead. */
class StudioTest {
    @TempDir
    static Path outside;

    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static Studio studio;
    private static String cookie;

    @BeforeAll
    static void start() throws Exception {
        Path folder = Files.createDirectory(outside.resolve("pictures"));
        ImageIO.write(
                new BufferedImage(300, 200, BufferedImage.TYPE_INT_RGB),
                "png",
                folder.resolve("one.png").toFile());
        Files.copy(folder.resolve("one.png"), outside.resolve("secret.png"));
        Files.writeString(folder.resolve("text.png"), "<script>alert(1)</script>");
        Files.createSymbolicLink(folder.resolve("link.png"), outside.resolve("secret.png"));
        Files.createSymbolicLink(folder.resolve("up"), outside);
        Files.writeString(outside.resolve("table.json"), "{\"rows\": []}");
        Files.createSymbolicLink(folder.resolve("compare.json"), outside.resolve("table.json"));
        Files.write(folder.resolve("turned.jpg"), turned());
        studio = Studio.start(StudioConfig.DEFAULT.with(c -> {
            c.port = 0;
            c.folders = List.of(folder);
        }));
        HttpResponse<String> entered = send(to(studio.address().toString()));
        assertThat(entered.statusCode()).isEqualTo(303);
        String set = entered.headers().firstValue("Set-Cookie").orElseThrow();
        assertThat(set).contains("HttpOnly", "SameSite=Strict", "Path=/");
        cookie = set.split(";")[0];
    }

    /** Wide, red at its left, and noted as held so that its left is the top. */
    private static byte[] turned() throws IOException {
        BufferedImage wide = new BufferedImage(300, 200, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 150 * 200; i++) {
            wide.setRGB(i % 150, i / 150, 0xff0000);
        }
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        ImageIO.write(wide, "jpeg", plain);
        byte[] note = {
            'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0
        };
        ByteArrayOutputStream noted = new ByteArrayOutputStream();
        noted.write(plain.toByteArray(), 0, 2);
        noted.write(new byte[] {(byte) 0xff, (byte) 0xe1, 0, (byte) (note.length + 2)});
        noted.write(note);
        noted.write(plain.toByteArray(), 2, plain.size() - 2);
        return noted.toByteArray();
    }

    @Test
    void a_small_picture_stands_upright_as_a_training_sees_it() throws IOException {
        HttpResponse<String> answer =
                send(at("/studio/api/files/pictures/turned.jpg?thumb=60").header("Cookie", cookie));
        BufferedImage small =
                ImageIO.read(new ByteArrayInputStream(answer.body().getBytes(StandardCharsets.ISO_8859_1)));
        assertThat(small.getWidth()).isEqualTo(40);
        assertThat(small.getHeight()).isEqualTo(60);
        assertThat(small.getRGB(20, 10) >> 16 & 0xff).as("red at the top").isGreaterThan(200);
        assertThat(small.getRGB(20, 50) >> 16 & 0xff).as("black at the bottom").isLessThan(50);
    }

    @Test
    void a_small_picture_has_the_levels_of_a_grey_one() throws IOException {
        BufferedImage grey = new BufferedImage(300, 200, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < 300 * 200; i++) {
            grey.getRaster().setSample(i % 300, i / 300, 0, 128);
        }
        ImageIO.write(grey, "png", outside.resolve("pictures/grey.png").toFile());
        HttpResponse<String> answer =
                send(at("/studio/api/files/pictures/grey.png?thumb=60").header("Cookie", cookie));
        BufferedImage small =
                ImageIO.read(new ByteArrayInputStream(answer.body().getBytes(StandardCharsets.ISO_8859_1)));
        assertThat(small.getRGB(30, 20) & 0xff).isBetween(127, 129);
    }

    @Test
    void head_is_answered_as_get_is_without_a_body_and_starts_no_events() {
        for (String path : List.of(
                "/",
                "/studio/api/folders",
                "/studio/api/files/pictures/one.png",
                "/studio/api/files/pictures/none.png",
                "/js/main.js",
                "/nothing")) {
            for (String who : List.of(cookie, "none=1")) {
                HttpResponse<String> head = send(head(path).header("Cookie", who));
                HttpResponse<String> get = send(at(path).header("Cookie", who));
                assertThat(head.statusCode()).as(path).isEqualTo(get.statusCode());
                assertThat(head.headers().firstValue("Content-Length"))
                        .as(path)
                        .isEqualTo(get.headers().firstValue("Content-Length"));
                assertThat(head.body()).isEmpty();
            }
        }
        HttpResponse<String> events = send(head("/studio/api/train/events").header("Cookie", cookie));
        assertThat(events.headers().firstValue("Content-Type").orElse("")).startsWith("text/event-stream");
    }

    private static HttpRequest.Builder head(String path) {
        return at(path).method("HEAD", HttpRequest.BodyPublishers.noBody());
    }

    @Test
    void a_table_that_a_link_brings_in_from_outside_is_not_read() {
        assertThat(send(at("/studio/api/compare/tables").header("Cookie", cookie))
                        .body())
                .contains("\"tables\": []");
    }

    @AfterAll
    static void stop() {
        studio.close();
    }

    private static HttpRequest.Builder to(String address) {
        return HttpRequest.newBuilder(URI.create(address));
    }

    private static HttpRequest.Builder at(String path) {
        return to("http://127.0.0.1:" + studio.port() + path);
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/studio/api/folders",
                "/js/main.js",
                "/css/studio.css",
                "/v1/models",
                "/api/v1/jobs",
                "/metrics",
                "/openapi.json",
                "/studio/api/files/pictures/one.png"
            })
    void nobody_comes_in_without_the_token(String path) {
        assertThat(send(at(path)).statusCode()).isEqualTo(401);
        assertThat(send(at(path).header("Cookie", cookie.split("=")[0] + "=" + "0".repeat(32)))
                        .statusCode())
                .isEqualTo(401);
        assertThat(send(at(path).header("Cookie", cookie)).statusCode()).isEqualTo(200);
    }

    @Test
    void a_wrong_token_is_shown_the_locked_door_and_health_is_open() {
        HttpResponse<String> wrong = send(at("/?token=" + "0".repeat(32)));
        assertThat(wrong.statusCode()).isEqualTo(401);
        assertThat(wrong.body()).contains("The studio is locked");
        assertThat(wrong.headers().firstValue("Set-Cookie")).isEmpty();
        assertThat(send(at("/")).statusCode()).isEqualTo(401);
        assertThat(send(at("/health")).statusCode()).isEqualTo(200);
    }

    @Test
    void the_token_may_be_typed_in() {
        String token = studio.address().getQuery().substring("token=".length());
        HttpRequest.Builder form = at("/enter").header("Content-Type", "application/x-www-form-urlencoded");
        assertThat(send(form.copy().POST(HttpRequest.BodyPublishers.ofString("key=wrong")))
                        .statusCode())
                .isEqualTo(401);
        assertThat(send(form.copy().POST(HttpRequest.BodyPublishers.ofString("key=" + token)))
                        .headers()
                        .firstValue("Set-Cookie"))
                .isPresent();
    }

    @Test
    void pages_of_other_sites_and_of_other_ports_cannot_call() {
        HttpRequest.Builder own = at("/studio/api/folders").header("Cookie", cookie);
        assertThat(send(own.copy().header("Origin", "http://evil.example")).statusCode())
                .isEqualTo(403);
        assertThat(send(own.copy().header("Origin", "http://127.0.0.1:1")).statusCode())
                .isEqualTo(403);
        assertThat(send(own.copy().header("Origin", "null")).statusCode()).isEqualTo(403);
        assertThat(send(own.copy().header("Sec-Fetch-Site", "same-site")).statusCode())
                .isEqualTo(401);
        assertThat(send(own.copy().header("Sec-Fetch-Site", "same-origin")).statusCode())
                .isEqualTo(200);
    }

    /** By a name of its own that leads here, as DNS rebinding does. */
    @Test
    void another_name_of_this_machine_is_refused() throws IOException {
        try (Socket socket = new Socket("127.0.0.1", studio.port())) {
            socket.getOutputStream()
                    .write(("GET /studio/api/folders HTTP/1.1\r\nHost: evil.example:" + studio.port() + "\r\nCookie: "
                                    + cookie + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
                    .isEqualTo("HTTP/1.1 403");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pictures/../secret.png",
                "pictures/%2e%2e/secret.png",
                "pictures/..%2fsecret.png",
                "pictures/..%5csecret.png",
                "pictures/link.png",
                "pictures/up/secret.png",
                "pictures/text.png",
                "pictures/one.png%00",
                "pictures//one.png/..",
                "pictures",
                "elsewhere/one.png",
                "%2fetc%2fpasswd"
            })
    void no_place_leads_out_of_the_folders_and_nothing_but_pictures_is_given(String place) {
        HttpResponse<String> answer = send(at("/studio/api/files/" + place).header("Cookie", cookie));
        assertThat(answer.statusCode()).isBetween(400, 404);
        assertThat(answer.body()).doesNotContain("PNG", outside.toString());
    }

    @Test
    void every_answer_says_what_a_browser_may_run() {
        for (String path : List.of("/", "/js/main.js", "/nothing", "/studio/api/files/pictures/none.png", "/health")) {
            HttpResponse<String> answer = send(at(path).header("Cookie", cookie));
            assertThat(answer.headers().firstValue("Content-Security-Policy").orElse(""))
                    .as(path)
                    .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                    .doesNotContain("unsafe");
            assertThat(answer.headers().firstValue("X-Content-Type-Options"))
                    .as(path)
                    .contains("nosniff");
        }
        assertThat(send(at("/")).headers().firstValue("Content-Security-Policy"))
                .isPresent();
    }

    @Test
    void a_file_that_the_browser_has_is_not_sent_again_and_a_small_picture_is_made() {
        for (String path : List.of("/js/main.js", "/studio/api/files/pictures/one.png?thumb=64")) {
            HttpResponse<String> first = send(at(path).header("Cookie", cookie));
            String tag = first.headers().firstValue("ETag").orElseThrow();
            assertThat(send(at(path).header("Cookie", cookie).header("If-None-Match", tag))
                            .statusCode())
                    .isEqualTo(304);
        }
        HttpResponse<String> small =
                send(at("/studio/api/files/pictures/one.png?thumb=64").header("Cookie", cookie));
        assertThat(small.headers().firstValue("Content-Type")).contains("image/jpeg");
    }

    @Test
    void other_machines_need_a_key() {
        assertThatThrownBy(() -> StudioConfig.DEFAULT.with(c -> c.host = "0.0.0.0"))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("can be reached from other machines");
    }

    @Test
    void an_upload_that_lies_is_refused_and_one_that_is_cut_short_too() throws IOException {
        HttpRequest.Builder note =
                at("/studio/api/draw/note").header("Cookie", cookie).header("Content-Type", "image/png");
        HttpResponse<String> page =
                send(note.copy().POST(HttpRequest.BodyPublishers.ofString("<script>alert(1)</script> in a picture")));
        assertThat(page.statusCode()).isEqualTo(400);
        assertThat(page.body()).contains("this is no PNG");
        byte[] whole = Files.readAllBytes(outside.resolve("secret.png"));
        byte[] half = java.util.Arrays.copyOf(whole, whole.length / 2);
        assertThat(send(note.copy().POST(HttpRequest.BodyPublishers.ofByteArray(half)))
                        .statusCode())
                .isEqualTo(400);
        HttpResponse<String> plain = send(note.copy().POST(HttpRequest.BodyPublishers.ofByteArray(whole)));
        assertThat(plain.statusCode()).isEqualTo(422);
        assertThat(plain.body()).contains("does not say how it was made").doesNotContain("/tmp");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pictures/../secret.png", "pictures/link.png", "pictures/up/secret.png", "/etc/passwd"})
    void no_picture_outside_is_thrown_away_starred_or_read(String place) {
        for (String path : List.of("gallery/bin", "gallery/star", "draw/note?place=" + place.replace("/", "%2F"))) {
            String body = "{\"places\":[\"" + place + "\"],\"place\":\"" + place + "\",\"on\":true}";
            HttpResponse<String> answer = send(
                    at("/studio/api/" + path).header("Cookie", cookie).POST(HttpRequest.BodyPublishers.ofString(body)));
            assertThat(answer.statusCode()).as(path).isEqualTo(404);
        }
        assertThat(outside.resolve("secret.png")).exists();
    }

    @Test
    void what_another_page_threw_away_does_not_keep_the_others() throws IOException {
        Path folder = outside.resolve("pictures");
        Files.copy(folder.resolve("one.png"), folder.resolve("two.png"));
        HttpResponse<String> answer = bin("pictures/gone.png", "pictures/two.png");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).contains("\"missing\": 1");
        assertThat(folder.resolve("two.png")).doesNotExist();
        assertThat(bin("pictures/gone.png").statusCode()).isEqualTo(404);
    }

    private static HttpResponse<String> bin(String... places) {
        String body = "{\"places\":[\"" + String.join("\",\"", places) + "\"]}";
        return send(
                at("/studio/api/gallery/bin").header("Cookie", cookie).POST(HttpRequest.BodyPublishers.ofString(body)));
    }
}
