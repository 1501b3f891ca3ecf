// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.json.Json;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an MLflow server gets, and what becomes of a training whose server has its troubles: nothing. */
class MlflowTrackerTest {
    private static final MlflowSender.Pace QUICK = new MlflowSender.Pace(
            Duration.ofMillis(10), Duration.ofMillis(10), Duration.ofMillis(50), Duration.ofSeconds(4));
    private static final Logger LOGGER = Logger.getLogger(MlflowTracker.class.getName());

    @TempDir
    Path home;

    private Path folder;
    private MlflowServer server;
    private final List<String> said = new CopyOnWriteArrayList<>();
    private final Handler ear = new Handler() {
        @Override
        public void publish(LogRecord line) {
            assertThat(line.getThrown()).isNull();
            if (line.getLevel().intValue() >= Level.WARNING.intValue()) {
                said.add(new SimpleFormatter().formatMessage(line));
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void prepare() throws IOException {
        server = new MlflowServer(0);
        folder = Files.createDirectories(home.resolve("mine"));
        Files.writeString(
                folder.resolve("recipe.yaml"),
                "name: tiny\nproject: birds\nsummary: Small.\nmodel:\n  config:\n    channels: [8, 16]\n    act: null\n"
                        + "training:\n  optimizer:\n    learning_rate: 1.0E-4\n");
        Files.writeString(folder.resolve("metrics.jsonl"), "");
        LOGGER.addHandler(ear);
    }

    @AfterEach
    void end() {
        LOGGER.removeHandler(ear);
        server.close();
    }

    private MlflowTracker tracker(String... more) {
        return tracker(new MlflowOutbox(100_000, 1 << 20), more);
    }

    private MlflowTracker tracker(MlflowOutbox outbox, String... more) {
        return tracker(0, outbox, more);
    }

    private MlflowTracker tracker(long lastStep, MlflowOutbox outbox, String... more) {
        Map<String, String> environment = new HashMap<>(
                Map.of("MLFLOW_TRACKING_URI", server.address() + "/", "MLFLOW_HTTP_REQUEST_TIMEOUT", "1"));
        for (int i = 0; i < more.length; i += 2) {
            environment.put(more[i], more[i + 1]);
        }
        return new MlflowTracker(folder, lastStep, MlflowSettings.of(environment), outbox, QUICK);
    }

    private static void log(Tracker tracker, int from, int to) {
        IntStream.rangeClosed(from, to).forEach(step -> tracker.scalars(step, Map.of("loss", step / 4.0)));
    }

    private static List<String> losses(int from, int to) {
        return IntStream.rangeClosed(from, to)
                .mapToObj(step -> step + "=" + step / 4.0)
                .toList();
    }

    private static void until(BooleanSupplier holds) {
        for (int i = 0; i < 500 && !holds.getAsBoolean(); i++) {
            sleep(10);
        }
        assertThat(holds.getAsBoolean()).isTrue();
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private MlflowServer.Run onlyRun() {
        assertThat(server.runs()).hasSize(1);
        return server.runs().get(0);
    }

    @Test
    void a_run_with_its_recipe_its_numbers_and_its_files() throws IOException {
        BufferedImage grid = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY);
        try (MlflowTracker tracker = tracker("MLFLOW_TRACKING_TOKEN", "secret")) {
            log(tracker, 1, 2500);
            tracker.scalars(2501, Map.of("val loss: σ", Double.NaN, "worst", Double.NEGATIVE_INFINITY));
            tracker.image(2500, "samples", grid);
            Files.write(folder.resolve("loss.png"), new byte[] {1, 2, 3});
            tracker.end(true);
        }
        MlflowServer.Run run = onlyRun();
        assertThat(server.experiments()).containsEntry("birds", run.experiment);
        assertThat(run.tags)
                .containsEntry("mlflow.runName", "mine")
                .containsEntry("mlflow.note.content", "Small.")
                .containsKey("diffusion4j.version");
        assertThat(run.parameters)
                .containsEntry("model.config.channels", "[8, 16]")
                .containsEntry("training.optimizer.learning_rate", "0.0001")
                .containsEntry("name", "tiny")
                .doesNotContainKey("model.config.act");
        assertThat(run.history.get("loss")).isEqualTo(losses(1, 2500));
        assertThat(run.history)
                .containsEntry("val loss_ _", List.of("2501=NaN"))
                .containsEntry("worst", List.of("2501=-Infinity"));
        assertThat(run.files).containsOnlyKeys("recipe.yaml", "samples/step-002500.png", "loss.png");
        assertThat(run.files.get("samples/step-002500.png")).isEqualTo(PngFile.bytes(grid, Map.of()));
        assertThat(run.files.get("recipe.yaml")).isEqualTo(Files.readAllBytes(folder.resolve("recipe.yaml")));
        assertThat(run.status).isEqualTo("FINISHED");
        assertThat(server.requests()).allMatch(request -> request.endsWith(" Bearer secret"));
        assertThat(said).isEmpty();
    }

    @Test
    void parameters_are_sent_a_hundred_at_a_time_and_cut_to_what_fits() throws IOException {
        StringBuilder recipe = new StringBuilder("long: " + "x".repeat(7000) + "\n");
        IntStream.range(0, 250)
                .forEach(i ->
                        recipe.append("key").append(i).append(": ").append(i).append('\n'));
        Files.writeString(folder.resolve("recipe.yaml"), recipe);
        tracker().close();
        assertThat(onlyRun().parameters).hasSize(251);
        assertThat(onlyRun().parameters.get("long")).hasSize(6000).endsWith("x…");
        assertThat(onlyRun().status).isEqualTo("FAILED"); // its end was never logged
        assertThat(server.experiments()).containsKey("diffusion4j");
    }

    @Test
    void a_resumed_run_goes_on_and_no_number_is_there_twice() {
        try (MlflowTracker tracker = tracker()) {
            log(tracker, 1, 15);
            tracker.end(false);
        }
        assertThat(onlyRun().status).isEqualTo("KILLED");
        try (MlflowTracker tracker = tracker()) {
            until(() -> onlyRun().status.equals("RUNNING"));
            log(tracker, 11, 20); // its last checkpoint was that of step 10
            tracker.end(true);
        }
        assertThat(onlyRun().history.get("loss")).isEqualTo(losses(1, 20));
        assertThat(onlyRun().status).isEqualTo("FINISHED");

        onlyRun().isDeleted = true;
        try (MlflowTracker tracker = tracker()) {
            tracker.end(true);
        }
        assertThat(server.runs()).hasSize(2);
        assertThat(server.experiments()).hasSize(1);
    }

    @Test
    void what_an_earlier_part_could_not_send_is_sent_on_resuming() throws IOException {
        try (MlflowTracker tracker = tracker()) {
            log(tracker, 1, 10);
            tracker.end(false);
        }
        StringBuilder lines = new StringBuilder(); // of 30 steps, 20 of them without the server
        IntStream.rangeClosed(1, 30)
                .forEach(step -> lines.append("{\"step\": " + step + ", \"loss\": " + step / 4.0
                        + (step == 20 ? ", \"val\": NaN" : "") + "}\n"));
        Files.writeString(folder.resolve("metrics.jsonl"), lines);
        try (MlflowTracker tracker = tracker(25, new MlflowOutbox(100, 1 << 20))) {
            log(tracker, 26, 40);
            tracker.end(true);
        }
        assertThat(onlyRun().history.get("loss")).isEqualTo(losses(1, 40));
        assertThat(onlyRun().history.get("val")).containsExactly("20=NaN");
    }

    @Test
    void a_server_that_is_down_at_first_gets_everything_later() throws IOException {
        int port = server.port();
        server.close();
        try (MlflowTracker tracker = tracker()) {
            log(tracker, 1, 50);
            until(() -> !said.isEmpty());
            server = new MlflowServer(port);
            log(tracker, 51, 100);
            until(() -> server.runs().size() == 1);
            tracker.end(true);
        }
        assertThat(onlyRun().history.get("loss")).isEqualTo(losses(1, 100));
        assertThat(said)
                .containsExactly(
                        "MLflow at http://127.0.0.1:" + port + " is not reached (no connection): training goes on,"
                                + " and it is tried again in the background");
    }

    @Test
    void a_server_that_is_always_down_costs_nothing_and_is_said_once() {
        server.close();
        MlflowTracker tracker = tracker(new MlflowOutbox(100, 10));
        long before = System.nanoTime();
        log(tracker, 1, 10_000);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(2));
        until(() -> !said.isEmpty());
        sleep(200); // several tries
        before = System.nanoTime();
        tracker.end(true);
        tracker.close();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(3));
        assertThat(said).hasSize(2);
        assertThat(said.get(1))
                .isEqualTo("MLflow did not get all of this run (10000 numbers, 1 files, the end); metrics.jsonl in "
                        + folder + " has every number");
        assertThat(folder.resolve("mlflow.json")).doesNotExist();
    }

    /** Its address is there, but it never answers: whoever trains must not notice. */
    @Test
    void a_silent_server_does_not_slow_the_training() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            MlflowTracker tracker = tracker("MLFLOW_TRACKING_URI", "http://127.0.0.1:" + silent.getLocalPort());
            long before = System.nanoTime();
            log(tracker, 1, 1000);
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(1));
            until(() -> !said.isEmpty());
            tracker.end(false);
            before = System.nanoTime();
            tracker.close();
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(6));
            assertThat(said.get(0)).contains("(no answer within 1 s)");
        }
    }

    @Test
    void a_slow_server_gets_all_that_close_has_time_for() {
        server.trouble((exchange, path) -> {
            sleep(100);
            return false;
        });
        try (MlflowTracker tracker = tracker()) {
            log(tracker, 1, 3000);
            tracker.end(true);
        }
        assertThat(onlyRun().history.get("loss")).isEqualTo(losses(1, 3000));
        assertThat(onlyRun().batches.stream().filter(size -> size > 0)).hasSizeLessThan(20);
        assertThat(onlyRun().status).isEqualTo("FINISHED");
        assertThat(said).isEmpty();
    }

    @Test
    void who_may_not_send_is_told_once_without_the_secret() {
        server.trouble((exchange, path) -> {
            exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"mlflow\"");
            MlflowServer.error(exchange, 401, "UNAUTHENTICATED", "who is hunter2?");
            return true;
        });
        try (MlflowTracker tracker =
                tracker("MLFLOW_TRACKING_USERNAME", "ada", "MLFLOW_TRACKING_PASSWORD", "hunter2")) {
            log(tracker, 1, 5);
            until(() -> !said.isEmpty());
            tracker.end(true);
        }
        assertThat(server.requests()).hasSize(1);
        assertThat(said).hasSize(2);
        assertThat(said.get(0)).contains("it answered 401", "MLFLOW_TRACKING_TOKEN", "training goes on");
        assertThat(said.get(1)).contains("5 numbers");
    }

    @Test
    void what_fails_for_a_moment_is_sent_again_and_what_is_refused_is_not() {
        AtomicInteger asked = new AtomicInteger();
        server.trouble((exchange, path) -> {
            if (path.endsWith("loss.png") || path.endsWith("recipe.yaml")) {
                MlflowServer.error(exchange, 413, "", "");
                return true;
            }
            int n = asked.getAndIncrement();
            if (n % 4 == 1) {
                MlflowServer.error(exchange, n == 1 ? 429 : 503, "", "later");
            }
            return n % 4 == 1;
        });
        try (MlflowTracker tracker = tracker()) {
            log(tracker, 1, 30);
            tracker.end(true);
        }
        assertThat(onlyRun().history.get("loss")).isEqualTo(losses(1, 30));
        assertThat(onlyRun().status).isEqualTo("FINISHED");
        assertThat(said).hasSize(3);
        assertThat(said.get(0)).contains("it answered 429: later");
        assertThat(said.get(1)).contains("does not take recipe.yaml: it answered 413");
        assertThat(said.get(2)).contains("(1 files)");
    }

    /** The answer to the making of a run got lost: it is found again. */
    @Test
    void no_run_is_made_twice() {
        server.loseAnswer("runs/create");
        try (MlflowTracker tracker = tracker()) {
            log(tracker, 1, 3);
            until(() -> !server.runs().isEmpty());
            until(() -> onlyRun().history.containsKey("loss"));
            tracker.end(true);
        }
        assertThat(onlyRun().history.get("loss")).isEqualTo(losses(1, 3));
        assertThat(server.requests().stream().filter(request -> request.contains("runs/create")))
                .hasSize(1);
    }

    @Test
    void settings_are_read_as_the_python_client_reads_them() {
        MlflowSettings settings =
                MlflowSettings.of(Map.of("MLFLOW_TRACKING_URI", "https://ada:pass@ml.example:8443/flow/"));
        assertThat(settings.address().toString()).isEqualTo("https://ml.example:8443/flow");
        assertThat(settings.toString()).doesNotContain("pass", "YWRhOnBhc3M");
        assertThat(settings.authorization()).isEqualTo(new MlflowSettings.Secret("Basic YWRhOnBhc3M="));
        assertThat(MlflowSettings.of(Map.of()).address().toString()).isEqualTo("http://127.0.0.1:5000");
        for (String wrong :
                List.of("sqlite:///mlflow.db", "./mlruns", "databricks", "postgresql://u:pw@h/db", "http://a b")) {
            assertThatThrownBy(() -> MlflowSettings.of(Map.of("MLFLOW_TRACKING_URI", wrong)))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining("set MLFLOW_TRACKING_URI to its address")
                    .hasMessageNotContaining("pw");
        }
    }

    @Test
    void which_run_it_is_stands_in_the_folder_without_a_secret() {
        try (MlflowTracker tracker =
                tracker("MLFLOW_TRACKING_URI", server.address().replace("http://", "http://ada:hunter2@"))) {
            tracker.end(true);
        }
        assertThat(Json.readObject(folder.resolve("mlflow.json")))
                .containsEntry("tracking_uri", server.address())
                .containsEntry("run_id", "run0")
                .containsEntry("experiment_id", "1");
        assertThat(server.requests()).allMatch(request -> request.endsWith(" Basic YWRhOmh1bnRlcjI="));
    }
}
