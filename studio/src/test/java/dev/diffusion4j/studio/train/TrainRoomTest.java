// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.studio.Studio;
import dev.diffusion4j.studio.StudioConfig;
import dev.diffusion4j.studio.Visitor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training is begun, stopped and gone on with by what a page sends; nothing outside of the open folders is touched. */
class TrainRoomTest {
    private static final String API = "/studio/api/train";
    private static final Map<String, String> TINY = tiny();

    @TempDir
    Path home;

    private Studio studio;
    private Visitor visitor;

    private static Map<String, String> tiny() {
        Map<String, String> tiny = new LinkedHashMap<>();
        tiny.put("model.config.widths", "[4]");
        tiny.put("model.config.hidden", "8");
        tiny.put("data.cache", "none");
        tiny.put("training.batch_size", "4");
        tiny.put("training.epochs", "1000");
        tiny.put("training.checkpoint_every_steps", "100000");
        tiny.put("training.dtype", "f32");
        return tiny;
    }

    @BeforeEach
    void start() throws IOException {
        Path runs = Files.createDirectory(home.resolve("runs"));
        studio = Studio.start(StudioConfig.DEFAULT.with(c -> {
            c.port = 0;
            c.folders = List.of(runs);
            c.command = TinyDiffuse.command();
        }));
        visitor = new Visitor(studio);
    }

    @AfterEach
    void stop() {
        studio.close();
    }

    private static Map<String, Object> sent(Map<String, String> changes) {
        return Map.of("recipe", "digit-classifier", "preset", "", "changes", changes, "folder", "runs", "name", "tiny");
    }

    private Map<String, Object> await(Predicate<Map<String, Object>> wanted) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        Map<String, Object> last = Map.of();
        while (System.nanoTime() < end) {
            List<?> runs = (List<?>) visitor.get(API + "/runs").json().get("runs");
            if (!runs.isEmpty()) {
                last = new LinkedHashMap<>(Json.object(runs.get(0)));
                if (wanted.test(last)) {
                    return last;
                }
            }
            Thread.sleep(100);
        }
        throw new AssertionError("it did not come to that: " + last);
    }

    private static Predicate<Map<String, Object>> state(String state) {
        return run -> run.get("state").equals(state);
    }

    @Test
    void a_training_is_a_process_of_its_own_that_is_stopped_and_gone_on_with() throws InterruptedException {
        Visitor.Answer started = visitor.post(API + "/start", sent(TINY));
        assertThat(started.status()).as(started.text()).isEqualTo(200);
        assertThat(started.json()).containsEntry("run", "runs/tiny");
        assertThat(visitor.post(API + "/start", sent(TINY)).param()).isEqualTo("name");
        Map<String, Object> running = await(state("running").and(run -> (Long) run.get("step") > 20));
        assertThat((Long) running.get("total")).isGreaterThan(1000);

        studio.close(); // which does not end it
        studio = Studio.start(StudioConfig.DEFAULT.with(c -> {
            c.port = 0;
            c.folders = List.of(home.resolve("runs"));
            c.command = TinyDiffuse.command();
        }));
        visitor = new Visitor(studio);
        long before = (Long) await(state("running")).get("step");
        await(run -> (Long) run.get("step") > before);

        assertThat(visitor.post(API + "/stop", Map.of("run", "runs/tiny")).status())
                .isEqualTo(204);
        Map<String, Object> stopped = await(state("stopped"));
        assertThat((List<?>) stopped.get("checkpoints")).hasSize(1);
        assertThat(visitor.post(API + "/stop", Map.of("run", "runs/tiny")).text())
                .contains("no training goes on");

        Visitor.Answer model = visitor.post(
                API + "/checkpoint", Map.of("run", "runs/tiny", "step", ((List<?>) stopped.get("checkpoints")).get(0)));
        assertThat(model.status()).as(model.text()).isEqualTo(200);
        assertThat(String.valueOf(model.json().get("model"))).startsWith("runs/tiny/models/step-");

        assertThat(visitor.post(API + "/resume", Map.of("run", "runs/tiny")).status())
                .isEqualTo(204);
        long at = (Long) stopped.get("step");
        await(state("running").and(run -> (Long) run.get("step") > at));
        assertThat(visitor.post(API + "/stop", Map.of("run", "runs/tiny")).status())
                .isEqualTo(204);
        await(state("stopped"));
    }

    @Test
    void what_a_training_takes_is_said_before_it_begins_and_a_wrong_field_is_named() {
        Visitor.Answer plan = visitor.post(API + "/plan", sent(TINY));
        assertThat(plan.status()).as(plan.text()).isEqualTo(200);
        assertThat(plan.text()).contains("parameters");
        Map<String, String> wrong = new LinkedHashMap<>(TINY);
        wrong.put("training.batch_size", "0");
        Visitor.Answer refused = visitor.post(API + "/check", sent(wrong));
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.param()).isEqualTo("training.batch_size");
        assertThat(refused.text()).contains("must lie in [1, 1048576]");
        assertThat(visitor.get(API + "/form" + Visitor.query("recipe", "quickstart"))
                        .text())
                .contains("passes over the data");
        assertThat(visitor.get(API + "/recipes").text()).contains("\"quickstart\"");
    }

    /** A command that takes its time. */
    static final class Sleeper {
        public static void main(String[] words) throws InterruptedException {
            Thread.sleep(600_000);
        }
    }

    private void startAnew(List<String> command) {
        studio.close();
        studio = Studio.start(StudioConfig.DEFAULT.with(c -> {
            c.port = 0;
            c.folders = List.of(home.resolve("runs"));
            c.command = command;
        }));
        visitor = new Visitor(studio);
    }

    private static List<String> java(String... words) {
        List<String> all = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        all.addAll(List.of(words));
        return all;
    }

    @Test
    void a_plan_and_a_training_that_has_not_begun_yet_are_ended_and_the_latter_is_forgotten_without_its_folder()
            throws Exception {
        startAnew(java("-cp", System.getProperty("java.class.path"), Sleeper.class.getName()));
        Map<String, Object> asked = new LinkedHashMap<>(sent(TINY));
        asked.put("trial", "one");
        CompletableFuture<Visitor.Answer> plan =
                CompletableFuture.supplyAsync(() -> visitor.post(API + "/plan", asked));
        while (!plan.isDone()) {
            assertThat(visitor.post(API + "/plan/end", Map.of("trial", "one")).status())
                    .isEqualTo(204);
            Thread.sleep(100);
        }
        assertThat(plan.get().status()).isEqualTo(204);

        Map<String, String> run = Map.of("run", "runs/tiny");
        assertThat(visitor.post(API + "/start", sent(TINY)).status()).isEqualTo(200);
        await(state("starting"));
        assertThat(visitor.post(API + "/stop", run).status()).isEqualTo(204);
        await(state("failed"));
        AtomicFile.deleteTree(home.resolve("runs/tiny"));
        assertThat(visitor.post(API + "/forget", run).status()).isEqualTo(204);
        assertThat((List<?>) visitor.get(API + "/runs").json().get("runs")).isEmpty();
        assertThat(visitor.post(API + "/forget", run).status()).isEqualTo(404);
    }

    @Test
    void nothing_outside_of_the_open_folders_is_named_by_a_recipe_or_a_run() throws IOException {
        Path secret = Files.createDirectory(home.resolve("secret"));
        for (String source : List.of("folder:" + secret, "folder:../secret", "folder:runs/../../secret")) {
            Map<String, String> changes = new LinkedHashMap<>(TINY);
            changes.put("data.source", "'" + source + "'");
            Visitor.Answer refused = visitor.post(API + "/check", sent(changes));
            assertThat(refused.status()).as(source + ": " + refused.text()).isEqualTo(400);
            assertThat(refused.param()).isEqualTo("data.source");
        }
        Map<String, String> export = new LinkedHashMap<>(TINY);
        export.put("export.folder", secret.resolve("model").toString());
        assertThat(visitor.post(API + "/check", sent(export)).param()).isEqualTo("export.folder");
        for (String place : List.of("../secret", "runs/../../secret", "/etc", "runs")) {
            assertThat(visitor.post(API + "/resume", Map.of("run", place)).status())
                    .as(place)
                    .isEqualTo(404);
        }
        Map<String, Object> escaping = new LinkedHashMap<>(sent(TINY));
        escaping.put("name", "../secret/run");
        assertThat(visitor.post(API + "/start", escaping).status()).isIn(400, 404);
        Map<String, Object> recipe = new LinkedHashMap<>(sent(Map.of()));
        recipe.put("recipe", "/etc/passwd.yaml");
        assertThat(visitor.post(API + "/check", recipe).status()).isEqualTo(404);
    }
}
