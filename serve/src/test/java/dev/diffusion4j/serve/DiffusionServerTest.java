// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a server promises to clients of OpenAI's interface, over real HTTP. No test depends on how fast anything is. */
@Timeout(20)
class DiffusionServerTest {
    private static final Path FOLDER = Path.of("../core/src/test/resources/golden/tiny-sd");
    private static final Path LORAS = Path.of("../core/src/test/resources/golden/text_lora");
    private static final String GENERATIONS = "/v1/images/generations";
    private static final String SMALL = "{\"prompt\":\"a red cat\",\"steps\":2,\"seed\":5";
    /** Of which no test draws all. */
    private static final String LONG = "{\"prompt\":\"a red cat\",\"steps\":500,\"n\":100}";

    private static DiffusionServer server;
    private static Client client;

    @BeforeAll
    static void start() {
        server = start(
                ServiceConfig.DEFAULT.with(c -> c.queue = 0),
                ServerConfig.DEFAULT.with(c -> c.aliases = Map.of("dall-e-3", "tiny")));
        client = Client.of(server);
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    private static DiffusionServer start(ServiceConfig service, ServerConfig config) {
        return DiffusionServer.start(Map.of("tiny", ServiceModel.at(FOLDER)), service, config.with(c -> {
            c.port = 0;
            c.loraDir = LORAS;
            c.limits = Limits.DEFAULT.with(l -> {
                l.pixels = 64 * 64;
                l.steps = 1000;
                l.count = 100;
                l.body = 100_000;
            });
        }));
    }

    private static int[] expected(GenerationRequest request) {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(FOLDER);
                GenerationResult result =
                        pipeline.withScheduler(SchedulerKind.DDIM).generate(request)) {
            BufferedImage image = result.images().get(0);
            return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
        }
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(20); // the timeout of the test ends it
        }
    }

    private static Job running(DiffusionServer of) throws InterruptedException {
        await(() -> !of.service().jobs().isEmpty());
        return of.service().jobs().get(0);
    }

    @Test
    void a_picture_is_that_of_the_pipeline_pixel_for_pixel() {
        HttpResponse<byte[]> response = client.post(
                GENERATIONS,
                SMALL
                        + ",\"model\":\"dall-e-3\",\"n\":2,\"sampler\":\"ddim\",\"guidance_scale\":3,\"style\":\"vivid\",\"user\":\"me\"}");
        assertThat(response.statusCode()).isEqualTo(200);
        int[] first = expected(
                GenerationRequest.of(r -> r.prompt("a red cat").steps(2).seed(5).guidanceScale(3)));
        int[] second = expected(
                GenerationRequest.of(r -> r.prompt("a red cat").steps(2).seed(6).guidanceScale(3)));
        assertThat(Client.pixels(Client.file(Client.picture(response, 0)))).isEqualTo(first);
        assertThat(Client.pixels(Client.file(Client.picture(response, 1)))).isEqualTo(second);
        assertThat(Client.picture(response, 1)).containsEntry("seed", 6L);
        assertThat(Client.json(response)).containsKey("created").containsEntry("output_format", "png");
        assertThat(response.headers().firstValue("X-Ignored-Fields")).contains("style, user");
    }

    @Test
    void a_picture_says_how_it_was_made_and_another_seed_is_another_picture() throws IOException {
        byte[] file = Client.file(Client.picture(client.post(GENERATIONS, SMALL + "}"), 0));
        assertThat(PngFile.readNotes(new ByteArrayInputStream(file), "the answer"))
                .containsKeys("parameters", "diffusion4j");
        HttpResponse<byte[]> any = client.post(GENERATIONS, "{\"prompt\":\"a red cat\",\"steps\":2}");
        assertThat(Client.file(Client.picture(any, 0))).isNotEqualTo(file);
    }

    @Test
    void a_picture_says_by_what_name_its_model_is_served_and_nothing_of_places() throws IOException {
        byte[] file = Client.file(Client.picture(
                client.post(GENERATIONS, SMALL + ",\"model\":\"dall-e-3\",\"loras\":[\"sd-kohya:0.5\"]}"), 0));
        Map<String, String> notes = PngFile.readNotes(new ByteArrayInputStream(file), "the answer");
        assertThat(notes.get("parameters")).contains(", Model: tiny, ", "<lora:sd-kohya:0.5>");
        assertThat(notes.get("diffusion4j")).contains("\"model\": \"tiny\"", "[\"sd-kohya:0.5\"]");
        assertThat(notes.values()).noneMatch(note -> note.contains("golden") || note.contains("tiny-sd"));
    }

    @Test
    void a_picture_can_be_fetched_by_an_address_that_nobody_guesses() {
        HttpResponse<byte[]> response =
                client.post(GENERATIONS, SMALL + ",\"response_format\":\"url\",\"output_format\":\"jpeg\"}");
        String address = String.valueOf(Client.picture(response, 0).get("url"));
        assertThat(address).matches("http://127\\.0\\.0\\.1:\\d+/results/[\\w-]{32}\\.jpeg");
        HttpResponse<byte[]> fetched = client.get(address.substring(address.indexOf("/results")));
        assertThat(fetched.headers().firstValue("Content-Type")).contains("image/jpeg");
        assertThat(Client.pixels(fetched.body()))
                .hasSameSizeAs(Client.pixels(Client.file(Client.picture(client.post(GENERATIONS, SMALL + "}"), 0))));
        assertThat(client.get("/results/other.png").statusCode()).isEqualTo(404);
        String own = address.substring(address.indexOf("/results"));
        for (String path : List.of(
                own, "/results/other.png", "/v1/models/other", "/api/v1/jobs/other", "/health/ready", "/v1/models")) {
            HttpResponse<byte[]> head = client.send(client.to(path)
                    .method("HEAD", HttpRequest.BodyPublishers.noBody())
                    .build());
            assertThat(head.statusCode()).as(path).isEqualTo(client.get(path).statusCode());
            assertThat(head.body()).isEmpty();
        }
        assertThat(client.get("/results/..%2f..%2fetc%2fpasswd").statusCode()).isIn(400, 404);
    }

    @Test
    void behind_a_proxy_addresses_begin_as_clients_reach_the_server_which_goes_by_that_name_too() throws IOException {
        try (DiffusionServer hidden = start(
                ServiceConfig.DEFAULT, ServerConfig.DEFAULT.with(c -> c.publicUrl = "https://Pictures.example/d/"))) {
            Client caller = Client.of(hidden);
            HttpResponse<byte[]> response = caller.send(caller.to(GENERATIONS)
                    .header("X-Forwarded-Proto", "ftp")
                    .POST(java.net.http.HttpRequest.BodyPublishers.ofString(SMALL + ",\"response_format\":\"url\"}"))
                    .build());
            assertThat(String.valueOf(Client.picture(response, 0).get("url")))
                    .matches("https://Pictures\\.example/d/results/[\\w-]{32}\\.png");
            String get = "GET /v1/models HTTP/1.1\r\nConnection: close\r\nHost: ";
            assertThat(caller.status(get + "pictures.example\r\n\r\n")).isEqualTo(200);
            assertThat(caller.status(get + "other.example\r\n\r\n")).isEqualTo(403);
        }
        for (String url : List.of("pictures.example", "ftp://a.example", "https://a.example/?b", "https:///c", "a b")) {
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> ServerConfig.DEFAULT.with(c -> c.publicUrl = url))
                    .withMessageContaining("but was '" + url + "'");
        }
    }

    @Test
    void a_compression_that_has_no_effect_is_named() {
        String sent = SMALL + ",\"output_compression\":50,\"output_format\":\"";
        for (String word : List.of("png", "webp")) {
            assertThat(client.post(GENERATIONS, sent + word + "\"}").headers().firstValue("X-Ignored-Fields"))
                    .as(word)
                    .contains("output_compression");
        }
        assertThat(client.post(GENERATIONS, sent + "jpeg\"}").headers().firstValue("X-Ignored-Fields"))
                .isEmpty();
    }

    @Test
    void a_spacing_that_the_algorithm_cannot_have_is_named() {
        assertThat(client.post(GENERATIONS, SMALL + ",\"sampler\":\"ddim\",\"schedule\":\"karras\"}")
                        .headers()
                        .firstValue("X-Ignored-Fields"))
                .contains("schedule");
        assertThat(client.post(GENERATIONS, SMALL + ",\"sampler\":\"dpm_singlestep\",\"schedule\":\"karras\"}")
                        .headers()
                        .firstValue("X-Ignored-Fields"))
                .isEmpty();
    }

    @Test
    void a_request_that_is_sent_too_early_spoils_no_answer_and_the_connection_says_that_it_ends() throws Exception {
        for (String how : List.of("", ",\"stream\":true")) {
            String body = SMALL.replace("\"steps\":2", "\"steps\":400") + how + "}";
            try (Socket socket = client.raw("POST " + GENERATIONS + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                    + body.length() + "\r\n\r\n" + body)) {
                Job job = running(server);
                socket.getOutputStream()
                        .write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertThat(job.progress().finished()).isEqualTo(1);
                assertThat(all)
                        .startsWith("HTTP/1.1 200")
                        .contains("b64_json")
                        .containsIgnoringCase("Connection: close");
                assertThat(all.split("HTTP/1\\.1 ")).as(how).hasSize(2);
                await(() -> server.service().jobs().isEmpty());
            }
        }
    }

    @Test
    void a_webp_loses_nothing() {
        String body = SMALL + ",\"size\":\"64x32\"";
        byte[] png = Client.file(Client.picture(client.post(GENERATIONS, body + "}"), 0));
        byte[] webp = Client.file(Client.picture(client.post(GENERATIONS, body + ",\"output_format\":\"webp\"}"), 0));
        assertThat(new String(webp, 8, 8, StandardCharsets.US_ASCII)).isEqualTo("WEBPVP8L");
        assertThat(Client.pixels(webp)).isEqualTo(Client.pixels(png));
    }

    @Test
    void adapters_are_named_and_not_found_by_paths() {
        byte[] plain = Client.file(Client.picture(client.post(GENERATIONS, SMALL + "}"), 0));
        HttpResponse<byte[]> with = client.post(GENERATIONS, SMALL + ",\"loras\":[\"sd-kohya:0.7\"]}");
        assertThat(Client.file(Client.picture(with, 0))).isNotEqualTo(plain);
        HttpResponse<byte[]> path = client.post(GENERATIONS, SMALL + ",\"loras\":[\"../text_lora/sd-kohya\"]}");
        assertThat(path.statusCode()).isEqualTo(422);
        assertThat(Client.error(path)).containsEntry("param", "loras");
        assertThat(String.valueOf(Client.error(path).get("message"))).doesNotContain("golden");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"prompt\":                        | 400 |            | malformed_request",
                "[]                                  | 400 |            | malformed_request",
                "{}                                  | 400 | prompt     | invalid_value",
                "{\"prompt\":3}                      | 400 | prompt     | invalid_value",
                "{\"prompt\":\"a\",\"n\":0}          | 400 | n          | invalid_value",
                "{\"prompt\":\"a\",\"n\":1.5}        | 400 | n          | invalid_value",
                "{\"prompt\":\"a\",\"n\":101}        | 422 | n          | limit_exceeded",
                "{\"prompt\":\"a\",\"steps\":1001}   | 422 | steps      | limit_exceeded",
                "{\"prompt\":\"a\",\"size\":\"big\"} | 400 | size       | invalid_value",
                "{\"prompt\":\"a\",\"size\":\"65x64\"} | 422 | size     | limit_exceeded",
                "{\"prompt\":\"a\",\"size\":\"31x32\"} | 422 | size     | cannot_be_drawn",
                "{\"prompt\":\"a\",\"sampler\":\"x\"} | 400 | sampler   | invalid_value",
                "{\"prompt\":\"a\",\"schedule\":\"x\"} | 400 | schedule | invalid_value",
                "{\"prompt\":\"a\",\"schedule\":\"karras\"} | 422 | sampler | cannot_be_drawn",
                "{\"prompt\":\"a\",\"cfg_scale\":\"x\"} | 400 | cfg_scale | invalid_value",
                "{\"prompt\":\"a\",\"response_format\":\"file\"} | 400 | response_format | invalid_value",
                "{\"prompt\":\"a\",\"output_format\":\"tiff\"} | 400 | output_format | invalid_value",
                "{\"prompt\":\"a\",\"model\":\"other\"} | 404 | model   | model_not_found"
            })
    void what_is_wrong_is_said_before_any_work(String body, int status, String param, String code) {
        HttpResponse<byte[]> response = client.post(GENERATIONS, body);
        assertThat(response.statusCode()).as(body).isEqualTo(status);
        Map<String, Object> error = Client.error(response);
        assertThat(error).containsEntry("code", code).containsEntry("type", "invalid_request_error");
        assertThat(error.get("param")).isEqualTo(param);
        assertThat(String.valueOf(error.get("message")))
                .doesNotContainPattern("\\{\\w|--")
                .isNotBlank();
        assertThat(server.service().jobs()).isEmpty();
    }

    @Test
    void too_long_a_body_and_an_unknown_route_are_refused() {
        assertThat(client.post(GENERATIONS, SMALL + ",\"x\":\"" + "x".repeat(100_000) + "\"}")
                        .statusCode())
                .isEqualTo(413);
        HttpResponse<byte[]> response = client.get("/v1/other");
        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(Client.error(response)).containsEntry("code", "no_such_route");
    }

    @Test
    void models_are_listed_with_their_other_names() {
        assertThat(new String(client.get("/v1/models").body(), StandardCharsets.UTF_8))
                .contains("\"id\": \"tiny\"", "\"id\": \"dall-e-3\"");
        assertThat(Client.json(client.get("/v1/models/tiny"))).containsEntry("object", "model");
        assertThat(client.get("/v1/models/other").statusCode()).isEqualTo(404);
    }

    @Test
    void a_client_that_goes_away_cancels_its_job_and_a_full_queue_says_when_to_come_back() throws Exception {
        Job job;
        try (Socket socket = client.raw("POST " + GENERATIONS + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                + LONG.length() + "\r\n\r\n" + LONG)) {
            job = running(server);
            HttpResponse<byte[]> refused = client.post(GENERATIONS, SMALL + "}");
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.headers().firstValueAsLong("Retry-After")).isPresent();
            assertThat(Client.error(refused)).containsEntry("type", "rate_limit_error");
        }
        await(() -> job.state().isOver());
        await(() -> server.service().jobs().isEmpty());
        assertThat(client.post(GENERATIONS, SMALL + "}").statusCode()).isEqualTo(200);
    }

    @Test
    void a_stream_sends_pictures_on_their_way_and_the_finished_one() throws Exception {
        HttpResponse<Stream<String>> response = client.http()
                .send(
                        client.to(GENERATIONS)
                                .POST(java.net.http.HttpRequest.BodyPublishers.ofString(
                                        SMALL + ",\"stream\":true,\"partial_images\":2}"))
                                .build(),
                        BodyHandlers.ofLines());
        assertThat(response.headers().firstValue("Content-Type").orElse("")).startsWith("text/event-stream");
        List<String> lines = response.body().toList();
        assertThat(lines.stream().filter(line -> line.startsWith("event: ")))
                .containsExactly(
                        "event: image_generation.partial_image",
                        "event: image_generation.partial_image",
                        "event: image_generation.completed");
        String last = lines.stream()
                .filter(line -> line.startsWith("data: "))
                .skip(2)
                .findFirst()
                .orElseThrow();
        byte[] file = Client.file(dev.diffusion4j.json.Json.parseObject(last.substring(6), "event"));
        assertThat(file).isEqualTo(Client.file(Client.picture(client.post(GENERATIONS, SMALL + "}"), 0)));
    }

    @Test
    void a_stream_whose_reader_goes_away_cancels_its_job() throws Exception {
        String body = LONG.replace("}", ",\"stream\":true}");
        Job job;
        try (Socket socket = client.raw("POST " + GENERATIONS + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                + body.length() + "\r\n\r\n" + body)) {
            job = running(server);
            assertThat(socket.getInputStream().readNBytes(12)).isNotEmpty();
        }
        await(() -> job.state().isOver());
    }

    @Test
    void pages_of_other_sites_are_refused_and_other_hosts_too() throws IOException {
        String get = "GET /v1/models HTTP/1.1\r\nConnection: close\r\n";
        assertThat(client.status(get + "Host: localhost:" + client.port() + "\r\n\r\n"))
                .isEqualTo(200);
        assertThat(client.status(get + "Host: [::1]\r\n\r\n")).isEqualTo(200);
        assertThat(client.status(get + "Host: evil.example\r\n\r\n")).isEqualTo(403);
        assertThat(client.status(get + "Host: localhost\r\nOrigin: https://evil.example\r\n\r\n"))
                .isEqualTo(403);
        assertThat(client.status(get + "Host: localhost\r\nOrigin: http://localhost\r\n\r\n"))
                .isEqualTo(200);
    }

    @Test
    void keys_are_asked_for_and_pages_that_are_allowed_may_call() throws IOException {
        String key = "0123456789abcdef";
        try (DiffusionServer guarded = start(ServiceConfig.DEFAULT, ServerConfig.DEFAULT.with(c -> {
            c.host = "0.0.0.0";
            c.keys = ApiKeys.of(List.of("another key of ours", key));
            c.cors = List.of("https://studio.example");
        }))) {
            Client caller = Client.of(guarded);
            HttpResponse<byte[]> without = caller.get("/v1/models");
            assertThat(without.statusCode()).isEqualTo(401);
            assertThat(Client.error(without)).containsEntry("code", "invalid_api_key");
            assertThat(caller.send(caller.to("/v1/models")
                                    .header("Authorization", "Bearer " + key + "x")
                                    .build())
                            .statusCode())
                    .isEqualTo(401);
            HttpResponse<byte[]> with = caller.send(caller.to("/v1/models")
                    .header("Authorization", "Bearer " + key)
                    .header("Origin", "https://studio.example")
                    .build());
            assertThat(with.statusCode()).isEqualTo(200);
            assertThat(with.headers().firstValue("Access-Control-Allow-Origin")).contains("https://studio.example");
            assertThat(caller.send(caller.to("/v1/models")
                                    .method("OPTIONS", java.net.http.HttpRequest.BodyPublishers.noBody())
                                    .header("Origin", "https://studio.example")
                                    .build())
                            .statusCode())
                    .isEqualTo(204);
            HttpResponse<byte[]> asked = caller.send(caller.to("/v1/images/generations")
                    .method("OPTIONS", java.net.http.HttpRequest.BodyPublishers.noBody())
                    .header("Origin", "https://studio.example")
                    .header("Access-Control-Request-Headers", "authorization, content-type, x-stainless-os")
                    .build());
            assertThat(asked.headers().firstValue("Access-Control-Allow-Headers"))
                    .contains("authorization, content-type, x-stainless-os");
            assertThat(caller.get("/health").statusCode()).isEqualTo(200);
            assertThat(caller.get("/metrics").statusCode()).isEqualTo(401);
            for (String around : List.of("/health/../v1/models", "/health;/../v1/models", "/health%2f..%2fv1/models")) {
                assertThat(caller.status("GET " + around + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                        .as(around)
                        .isIn(400, 401, 404);
            }
        }
    }

    @Test
    void a_server_for_other_machines_needs_keys_or_a_clear_word() {
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> ServerConfig.DEFAULT.with(c -> c.host = "0.0.0.0"))
                .withMessageContaining("insecure");
        assertThat(ServerConfig.DEFAULT.with(c -> {
                    c.host = "0.0.0.0";
                    c.insecure = true;
                }))
                .isNotNull();
    }

    @Test
    void an_edit_starts_from_the_picture_that_was_sent_and_leaves_no_file() throws IOException {
        byte[] start = Client.file(Client.picture(client.post(GENERATIONS, SMALL + "}"), 0));
        Map<String, String> texts = Map.of("prompt", "a blue dog", "steps", "4", "seed", "1", "strength", "0.5");
        HttpResponse<byte[]> edited = client.form("/v1/images/edits", Map.of("image[]", start), texts);
        assertThat(edited.statusCode())
                .as(new String(edited.body(), StandardCharsets.UTF_8))
                .isEqualTo(200);
        assertThat(Client.file(Client.picture(edited, 0))).isNotEqualTo(start);
        byte[] again = Client.file(Client.picture(client.form("/v1/images/edits", Map.of("image", start), texts), 0));
        assertThat(Client.pixels(again)).isEqualTo(Client.pixels(Client.file(Client.picture(edited, 0))));
        assertThat(PngFile.readNotes(new ByteArrayInputStream(again), "the answer")
                        .get("diffusion4j"))
                .contains("\"picture\": \"sent.png\"")
                .doesNotContain("diffusion4j-serve", "/tmp");
        assertThat(client.form("/v1/images/edits", Map.of("image", start, "control", start), texts)
                        .headers()
                        .firstValue("X-Ignored-Fields"))
                .contains("control");
        HttpResponse<byte[]> varied =
                client.form("/v1/images/variations", Map.of("image", start), Map.of("seed", "1", "n", "2"));
        assertThat(Client.picture(varied, 1)).containsEntry("seed", 2L);
    }

    @Test
    void a_mask_keeps_what_is_opaque_and_broken_pictures_are_refused() {
        byte[] start = Client.file(Client.picture(client.post(GENERATIONS, SMALL + "}"), 0));
        Map<String, String> texts = Map.of("prompt", "a blue dog", "seed", "1", "steps", "4");
        assertThat(client.form("/v1/images/edits", Map.of("image", start, "mask", start), texts)
                        .statusCode())
                .isEqualTo(200);
        byte[] half = java.util.Arrays.copyOf(start, start.length / 2);
        for (byte[] broken : List.of(half, new byte[0], "GIF89a".getBytes(StandardCharsets.UTF_8))) {
            HttpResponse<byte[]> response = client.form("/v1/images/edits", Map.of("image", broken), texts);
            assertThat(response.statusCode()).isEqualTo(400);
            assertThat(Client.error(response)).containsEntry("param", "image");
        }
        assertThat(client.post("/v1/images/edits", "{}").statusCode()).isEqualTo(415);
    }

    @Test
    void numbers_are_there_for_prometheus() {
        client.post(GENERATIONS, SMALL + "}");
        assertThat(new String(client.get("/metrics").body(), StandardCharsets.UTF_8))
                .contains(
                        "diffusion4j_jobs_submitted_total",
                        "diffusion4j_jobs_run_seconds_count{state=\"done\"}",
                        "diffusion4j_jobs_active{state=\"running\"}",
                        "diffusion4j_networks_memory_bytes")
                .doesNotContain("red cat");
    }

    @Test
    void a_server_that_stops_refuses_new_work_finishes_the_old_and_cancels_it_at_its_deadline() throws Exception {
        DiffusionServer other = start(ServiceConfig.DEFAULT, ServerConfig.DEFAULT);
        Client caller = Client.of(other);
        CompletableFuture<HttpResponse<byte[]>> last =
                CompletableFuture.supplyAsync(() -> caller.post(GENERATIONS, LONG));
        Job job = running(other);
        await(() -> job.progress().step() > 0);
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> other.stop(Duration.ofSeconds(2)));
        await(() -> caller.get("/health").statusCode() == 503);
        await(() -> caller.post(GENERATIONS, SMALL + "}").statusCode() == 503);
        assertThat(last.get().statusCode()).isEqualTo(503);
        stopped.get();
        assertThat(job.state().isOver()).isTrue();
    }
}
