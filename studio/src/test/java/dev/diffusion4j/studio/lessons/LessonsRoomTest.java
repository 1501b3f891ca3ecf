// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.lessons;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.serve.DiffusionServer;
import dev.diffusion4j.serve.ServerConfig;
import dev.diffusion4j.serve.ServerExtension;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.studio.base.Folders;
import dev.diffusion4j.studio.base.ModelPlaces;
import dev.diffusion4j.studio.base.Shelves;
import dev.diffusion4j.studio.base.StudioContext;
import io.javalin.config.RoutesConfig;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The controls' calls, with trainings of a few steps. */
class LessonsRoomTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TempDir
    Path folder;

    private LessonsRoom room;
    private DiffusionServer server;

    @BeforeEach
    void start() {
        Folders folders = new Folders(List.of(folder));
        ServerExtension extension = new ServerExtension() {
            @Override
            public void add(RoutesConfig routes, DiffusionService service) {
                room = new LessonsRoom(
                        new StudioContext(
                                folders, service, new ModelPlaces(folders, service), new Shelves(folders), List.of()),
                        List.of("training.max_steps=3", "samples.every_steps=2"));
                room.add(routes);
            }
        };
        server = DiffusionServer.start(
                Map.of(), ServiceConfig.DEFAULT, ServerConfig.DEFAULT.with(c -> c.port = 0), extension);
    }

    @AfterEach
    void stop() {
        room.close();
        server.close();
    }

    private HttpResponse<String> send(String method, String path, String body) {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + server.port() + "/studio/api/lessons" + path))
                .method(method, BodyPublishers.ofString(body))
                .build();
        try {
            return HTTP.send(request, BodyHandlers.ofString(StandardCharsets.UTF_8));
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Map<String, Object> json(String method, String path, String body) {
        HttpResponse<String> answer = send(method, path, body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return Json.parseObject(answer.body(), "answer");
    }

    /** The heading of the room waits for it, and for no look at trainings. */
    @Test
    void the_list_of_lessons_has_nothing_but_their_titles() {
        assertThat(json("GET", "", "")).containsOnlyKeys("lessons");
        assertThat(LessonPage.read("1")).as("read once").isSameAs(LessonPage.read("1"));
    }

    @Test
    void a_network_is_trained_followed_used_for_a_step_and_drawn_with() throws IOException {
        assertThat(send("POST", "/step", "{}").body()).contains("needs the training quickstart");
        assertThat(json("POST", "/runs/quickstart", "")).containsEntry("name", "quickstart");
        String events = send("GET", "/runs/quickstart/events", "").body();
        assertThat(events)
                .contains("event: ended")
                .contains("\"state\": \"done\"", "\"step\": 3", "step-000002.png", "\"model\": \"lesson-quickstart\"");
        assertThat(folder.resolve("runs/quickstart/model/model_index.json")).exists();
        assertThat(json("POST", "/step", "{\"step\": 10, \"class\": 7}")).containsKeys("noisy", "original", "previous");
        assertThat(server.service().models()).contains("lesson-quickstart");
        assertThat(json("POST", "/runs/quickstart", "")).containsEntry("state", "done");
        assertThat(send("POST", "/runs/words", "").body()).contains("takes longer than a lesson");
        assertThat(send("POST", "/runs/lora", "").body()).contains("needs the training digits-cross-attention-lesson");
        assertThat(send("POST", "/runs/none", "").statusCode()).isEqualTo(404);
        Files.delete(folder.resolve("runs/quickstart/model/model_index.json"));
        assertThat(send("POST", "/step", "{}").statusCode()).isEqualTo(404);
    }

    @Test
    void a_training_that_was_stopped_goes_on() {
        json("POST", "/runs/attention", "");
        json("DELETE", "/runs/attention", "");
        String events = send("GET", "/runs/attention/events", "").body();
        assertThat(events).containsAnyOf("\"state\": \"begun\"", "\"state\": \"none\"", "\"state\": \"done\"");
        json("POST", "/runs/attention", "");
        assertThat(send("GET", "/runs/attention/events", "").body()).contains("\"state\": \"done\"");
    }

    @Test
    void noise_and_schedules() {
        Map<String, Object> little = json("POST", "/noise", "{\"timestep\": 10}");
        Map<String, Object> much = json("POST", "/noise", "{\"timestep\": 990, \"schedule\": \"squaredcos_cap_v2\"}");
        assertThat((double) little.get("alpha_bar")).isGreaterThan(0.99);
        assertThat((double) much.get("alpha_bar")).isLessThan(0.01);
        assertThat(json("POST", "/noise", "{\"time\": 0.5, \"picture\": \"" + little.get("picture") + "\"}"))
                .containsKey("picture");
        assertThat(send("GET", "/schedules?schedule=linear&timesteps=150", "").body())
                .contains("\"left\": 0.219");
        assertThat(send("POST", "/noise", "{\"timestep\": 1000}").body()).contains("\"param\": \"timestep\"", "999");
        assertThat(send("POST", "/noise", "{\"picture\": \"aGVsbG8=\"}").statusCode())
                .isEqualTo(400);
        assertThat(send("GET", "/schedules?schedule=round", "").statusCode()).isEqualTo(400);
        assertThat(send("GET", "/pictures/..%2f1.md", "").statusCode()).isIn(400, 403, 404);
        assertThat(send("GET", "/pages/1", "").body()).contains("What diffusion is");
    }
}
