// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs that callers come back for, over real HTTP. */
@Timeout(20)
class JobRoutesTest {
    private static final Path GOLDEN = Path.of("../core/src/test/resources/golden");
    private static final String JOBS = "/api/v1/jobs";
    private static final String REQUEST =
            "\"request\":{\"subject\":{\"prompts\":[\"a red cat\"]},\"canvas\":{\"seed\":5},\"sampling\":{\"steps\":4}}";

    private static DiffusionServer server;
    private static Client client;

    @BeforeAll
    static void start() {
        Map<String, ServiceModel> models = new LinkedHashMap<>();
        models.put("text", ServiceModel.at(GOLDEN.resolve("tiny-sd")));
        models.put("plain", ServiceModel.at(GOLDEN.resolve("tiny-pipeline")));
        server = DiffusionServer.start(models, ServiceConfig.DEFAULT, ServerConfig.DEFAULT.with(c -> c.port = 0));
        client = Client.of(server);
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    private static Map<String, Object> submitted(String body) {
        HttpResponse<byte[]> response = client.post(JOBS, body);
        assertThat(response.statusCode())
                .as(new String(response.body(), StandardCharsets.UTF_8))
                .isEqualTo(202);
        assertThat(response.headers().firstValue("Location").orElse("")).startsWith(JOBS + "/");
        return Client.json(response);
    }

    /** Reads the events to their end, which is that of the job. */
    private static String events(Object id, String query) {
        return new String(client.get(JOBS + "/" + id + "/events" + query).body(), StandardCharsets.UTF_8);
    }

    private static byte[] picture(Object id) {
        return client.get(JOBS + "/" + id + "/pictures/0").body();
    }

    /** OpenAI's SDKs send a prompt to every model; one without words has no use for it, and says so where it holds some. */
    @ParameterizedTest
    @ValueSource(strings = {"\"prompt\":\"\",", ""})
    void an_empty_prompt_is_none_to_a_model_that_reads_no_words(String prompt) {
        Object id = submitted("{\"model\":\"plain\",\"request\":{\"canvas\":{\"seed\":5},\"sampling\":{\"steps\":2}}}")
                .get("id");
        events(id, "");
        HttpResponse<byte[]> answer =
                client.post("/v1/images/generations", "{\"model\":\"plain\"," + prompt + "\"seed\":5,\"steps\":2}");
        assertThat(Client.pixels(Client.file(Client.picture(answer, 0)))).isEqualTo(Client.pixels(picture(id)));
    }

    @Test
    void a_job_is_taken_followed_and_fetched() {
        Object id =
                submitted("{\"model\":\"text\",\"previews\":2," + REQUEST + "}").get("id");
        String events = events(id, "");
        assertThat(events).contains("event: picture", "event: done", "\"state\": \"done\"");
        Map<String, Object> job = Client.json(client.get(JOBS + "/" + id));
        assertThat(job).containsEntry("state", "done").containsEntry("error", null);
        assertThat(Client.pixels(picture(id)))
                .isEqualTo(Client.pixels(Client.file(Client.picture(
                        client.post(
                                "/v1/images/generations",
                                "{\"model\":\"text\",\"prompt\":\"a red cat\",\"seed\":5,\"steps\":4}"),
                        0))));
        List<String> numbers =
                events.lines().filter(line -> line.startsWith("id: ")).toList();
        String last = numbers.get(numbers.size() - 1).substring(4);
        assertThat(events(id, "?after=" + (Long.parseLong(last) - 1)))
                .contains("event: done")
                .doesNotContain("picture\n");
    }

    private static HttpResponse<byte[]> head(String path) {
        return client.send(client.to(path)
                .method("HEAD", HttpRequest.BodyPublishers.noBody())
                .build());
    }

    @Test
    void who_has_seen_the_end_is_told_not_to_come_again_and_head_starts_no_events() {
        String slow = "{\"model\":\"plain\",\"request\":{\"canvas\":{\"count\":10},\"sampling\":{\"steps\":150}}}";
        Object id = submitted(slow).get("id");
        String path = JOBS + "/" + id + "/events";
        HttpResponse<byte[]> at = head(path); // which would not end before the job
        assertThat(at.statusCode()).isEqualTo(200);
        assertThat(at.headers().firstValue("Content-Type").orElse("")).startsWith("text/event-stream");
        assertThat(at.body()).isEmpty();
        assertThat(Client.json(client.get(JOBS + "/" + id)).get("state")).isIn("waiting", "running");
        client.send(client.to(JOBS + "/" + id).DELETE().build());
        List<String> numbers = events(id, "")
                .lines()
                .filter(line -> line.startsWith("id: "))
                .map(line -> line.substring(4))
                .toList();
        String last = numbers.get(numbers.size() - 1);
        HttpResponse<byte[]> again =
                client.send(client.to(path).header("Last-Event-ID", last).build());
        assertThat(again.statusCode()).isEqualTo(204);
        assertThat(head(path + "?after=" + last).statusCode()).isEqualTo(204);
        assertThat(head(path).statusCode()).isEqualTo(200);
        assertThat(head(JOBS + "/nothing/events").statusCode()).isEqualTo(404);
        HttpResponse<byte[]> list = head(JOBS + "/" + id);
        assertThat(list.headers().firstValue("Content-Length"))
                .isEqualTo(client.get(JOBS + "/" + id).headers().firstValue("Content-Length"));
    }

    @Test
    void a_sweep_that_is_longer_than_all_places_is_refused_for_good() {
        Map<String, ServiceModel> models = Map.of("text", ServiceModel.at(GOLDEN.resolve("tiny-sd")));
        ServiceConfig small = ServiceConfig.DEFAULT.with(c -> {
            c.workers = 1;
            c.queue = 2;
        });
        try (DiffusionServer other = DiffusionServer.start(models, small, ServerConfig.DEFAULT.with(c -> c.port = 0))) {
            Client caller = Client.of(other);
            HttpResponse<byte[]> answer = caller.post(JOBS, "{\"sweep\":[1,2,3,4]," + REQUEST + "}");
            assertThat(answer.statusCode()).isEqualTo(422);
            assertThat(Client.error(answer))
                    .containsEntry("param", "sweep")
                    .containsEntry(
                            "message",
                            "\"sweep\" must hold at most 3 scales, as many jobs as this server has at a time, but holds 4");
            assertThat(other.service().jobs()).isEmpty();
            assertThat(caller.post(JOBS, "{\"sweep\":[1,2,3]," + REQUEST + "}").statusCode())
                    .isEqualTo(202);
        }
    }

    @Test
    void nobody_gives_himself_more_time_than_the_server_does() {
        Map<String, ServiceModel> models = Map.of("text", ServiceModel.at(GOLDEN.resolve("tiny-sd")));
        ServiceConfig brief = ServiceConfig.DEFAULT.with(c -> c.timeout = Duration.ofMillis(1));
        try (DiffusionServer other = DiffusionServer.start(models, brief, ServerConfig.DEFAULT.with(c -> c.port = 0))) {
            Client caller = Client.of(other);
            Object id = Client.json(caller.post(JOBS, "{\"model\":\"text\",\"timeout\":600," + REQUEST + "}"))
                    .get("id");
            assertThat(new String(caller.get(JOBS + "/" + id + "/events").body(), StandardCharsets.UTF_8))
                    .contains("event: expired");
            HttpResponse<byte[]> late =
                    caller.post("/v1/images/generations", "{\"model\":\"text\",\"prompt\":\"a red cat\"}");
            assertThat(late.statusCode()).isEqualTo(504);
            assertThat(late.headers().firstValue("x-should-retry")).contains("false");
        }
    }

    @Test
    void the_note_of_a_picture_is_a_request_for_it() throws IOException {
        Object id = submitted(
                        "{\"model\":\"text\",\"scheduler\":\"ddim\",\"guides\":[\"color=#ff0000:40\"]," + REQUEST + "}")
                .get("id");
        events(id, "");
        byte[] first = picture(id);
        String note =
                PngFile.readNotes(new ByteArrayInputStream(first), "picture").get("diffusion4j");
        assertThat(note).contains("\"model\": \"text\"").doesNotContain("golden");
        Object again = submitted(note).get("id");
        events(again, "");
        assertThat(Client.pixels(picture(again))).isEqualTo(Client.pixels(first));
    }

    @Test
    void pictures_on_the_way_between_two_seeds_are_drawn_and_each_can_be_drawn_again() throws IOException {
        String way = "{\"model\":\"text\",\"request\":{\"subject\":{\"prompts\":[\"a\",\"a\",\"a\"]},"
                + "\"canvas\":{\"seed\":5,\"count\":3,\"toward\":{\"seed\":8}},\"sampling\":{\"steps\":4}}}";
        Map<String, Object> job = submitted(way);
        String events = events(job.get("id"), "");
        assertThat(events).contains("\"seed\": 5", "\"toward\": {\"seed\": 8, \"share\": 0.5}");
        byte[] middle = client.get(JOBS + "/" + job.get("id") + "/pictures/1").body();
        Object again = submitted(PngFile.readNotes(new ByteArrayInputStream(middle), "picture")
                        .get("diffusion4j"))
                .get("id");
        events(again, "");
        assertThat(Client.pixels(picture(again))).isEqualTo(Client.pixels(middle));
        assertThat(new String(
                        client.post(JOBS, way.replace("{\"seed\":8}", "{\"seed\":8,\"to\":2}"))
                                .body(),
                        StandardCharsets.UTF_8))
                .contains("must lie in [0.0, 1.0], but was 2.0", "\"param\": \"toward\"");
    }

    @Test
    void models_without_prompts_and_sweeps_are_drawn_too() {
        Object id = submitted("{\"model\":\"plain\",\"request\":{\"sampling\":{\"steps\":2}}}")
                .get("id");
        assertThat(events(id, "")).contains("event: done");
        List<?> swept = (List<?>) submitted("{\"model\":\"text\",\"sweep\":[1,3]," + REQUEST + "}")
                .get("jobs");
        assertThat(swept).hasSize(2);
        Object one = Json.object(swept.get(0)).get("id");
        Object three = Json.object(swept.get(1)).get("id");
        assertThat(events(one, "") + events(three, "")).contains("\"guidance_scale\": 3.0");
        assertThat(picture(three)).isNotEqualTo(picture(one));
    }

    @Test
    void a_job_can_start_from_a_picture_that_is_sent() throws IOException {
        Object id = submitted("{\"model\":\"text\"," + REQUEST + "}").get("id");
        events(id, "");
        String start = "data:image/png;base64," + Base64.getEncoder().encodeToString(picture(id));
        Object changed = submitted("{\"model\":\"text\",\"request\":{\"subject\":{\"prompts\":[\"a dog\"]},"
                        + "\"sampling\":{\"steps\":4},\"inputs\":{\"picture\":\"" + start + "\",\"strength\":0.5}}}")
                .get("id");
        assertThat(events(changed, "")).contains("event: done");
        assertThat(PngFile.readNotes(new ByteArrayInputStream(picture(changed)), "picture")
                        .get("diffusion4j"))
                .contains("\"picture\": \"sent.png\"")
                .doesNotContain("diffusion4j-serve");
    }

    @Test
    void a_job_is_cancelled_and_then_forgotten() {
        String id = String.valueOf(
                submitted("{\"model\":\"text\",\"previews\":50,\"request\":{\"subject\":{\"prompts\":[\"a\"]},"
                                + "\"sampling\":{\"steps\":150}}}")
                        .get("id"));
        assertThat(client.send(client.to(JOBS + "/" + id).DELETE().build()).statusCode())
                .isEqualTo(200);
        assertThat(events(id, "")).contains("event: cancelled");
        assertThat(events(id, "")).contains("event: cancelled").doesNotContain("event: preview");
        assertThat(new String(client.get(JOBS).body(), StandardCharsets.UTF_8)).contains(id);
        assertThat(client.send(client.to(JOBS + "/" + id).DELETE().build()).statusCode())
                .isEqualTo(200);
        assertThat(client.get(JOBS + "/" + id).statusCode()).isEqualTo(404);
    }

    @Test
    void no_message_says_where_a_picture_that_was_sent_lies() {
        Object id = submitted("{\"model\":\"text\"," + REQUEST + "}").get("id");
        events(id, "");
        String start = Base64.getEncoder().encodeToString(picture(id));
        String body = "{\"model\":\"plain\",\"request\":{\"inputs\":{\"picture\":\"" + start
                + "\",\"strength\":0.5},\"sampling\":{\"steps\":4},\"canvas\":{\"size\":[8,8]}}}";
        String answer = new String(client.post(JOBS, body).body(), StandardCharsets.UTF_8);
        Object taken = Json.parseObject(answer, "answer").get("id");
        assertThat(taken == null ? answer : events(taken, ""))
                .contains("sent.png is ")
                .doesNotContain("diffusion4j-serve");
    }

    @Test
    void a_request_has_no_more_parts_than_a_person_would_write() {
        String many = String.join(",", Collections.nCopies(21, "\"color=#ff0000:3\""));
        HttpResponse<byte[]> guides =
                client.post(JOBS, "{\"model\":\"text\",\"guides\":[" + many + "]," + REQUEST + "}");
        assertThat(Client.error(guides)).containsEntry("code", "limit_exceeded").containsEntry("param", "guides");
        String scales = String.join(",", Collections.nCopies(11, "1"));
        HttpResponse<byte[]> sweep =
                client.post(JOBS, "{\"model\":\"text\",\"sweep\":[" + scales + "]," + REQUEST + "}");
        assertThat(Client.error(sweep)).containsEntry("code", "limit_exceeded");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"request\":{\"inputs\":{\"picture\":\"/etc/passwd\"}}}",
                "{\"request\":{\"inputs\":{\"control\":[{\"folder\":\"/x\",\"picture\":\"/y\"}]}}}",
                "{\"request\":{\"subject\":{\"lora_dir\":\"/etc\"}}}",
                "{\"vae\":\"/etc\"}",
                "{\"clip_model\":\"/etc\"}",
                "{\"guides\":[\"clip-image=/etc/passwd:3\"]}",
                "{\"guides\":[\"mask=/etc/passwd\"]}",
                "{\"loras\":[\"/etc/passwd:1\"]}",
                "{\"model\":\"/etc\"}"
            })
    void no_request_names_a_file(String body) {
        HttpResponse<byte[]> response = client.post(JOBS, body);
        assertThat(response.statusCode()).isIn(400, 404, 422);
        assertThat(Client.error(response).get("message")).isNotNull();
        assertThat(server.service().jobs()).isEmpty();
    }

    @Test
    void a_request_is_estimated_and_one_that_waits_has_another_turn() {
        Map<String, Object> estimate =
                Client.json(client.post(JOBS + "/estimate", "{\"model\":\"text\"," + REQUEST + "}"));
        assertThat((Double) estimate.get("seconds")).isPositive();
        assertThat((Double) estimate.get("bytes")).isPositive();
        String slow = "{\"model\":\"plain\",\"request\":{\"canvas\":{\"count\":10},\"sampling\":{\"steps\":150}}}";
        Object first = submitted(slow).get("id");
        Object second = submitted(slow).get("id");
        Object third = submitted(slow).get("id");
        assertThat(Client.json(client.post(JOBS + "/" + third + "/move", "{\"before\":0}")))
                .containsEntry("waiting_before", 0L);
        assertThat(Client.json(client.get(JOBS + "/" + second))).containsEntry("waiting_before", 1L);
        for (Object id : List.of(third, second, first)) {
            client.send(client.to(JOBS + "/" + id).DELETE().build());
        }
        assertThat(events(first, "")).contains("event: cancelled");
    }

    @Test
    void what_pictures_are_steered_by_is_seen_step_by_step() {
        Object id = submitted(
                        "{\"model\":\"plain\",\"guides\":[\"brightness=0.7:40\"],\"request\":{\"sampling\":{\"steps\":3}}}")
                .get("id");
        assertThat(events(id, "")).contains("event: losses");
        Map<String, Object> losses =
                Json.object(Client.json(client.get(JOBS + "/" + id)).get("losses"));
        assertThat((List<?>) losses.values().iterator().next()).hasSize(3);
    }
}
