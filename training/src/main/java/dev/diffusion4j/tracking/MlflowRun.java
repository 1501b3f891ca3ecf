// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A run on an MLflow server: found again by {@code mlflow.json} in the run's folder, else made, in an experiment that is found by its
 * name or made. For one thread.
 */
final class MlflowRun {
    private static final String MISSING = "RESOURCE_DOES_NOT_EXIST";
    /** Of MLflow's own client: what a request may hold. */
    private static final int PARAMETERS_AT_ONCE = 100;

    private final MlflowClient client;
    private final String id;
    private final URI artifacts;
    /** The last step of each key that an earlier part of this run sent. */
    private final Map<String, Long> sentBefore = new HashMap<>();

    /** @param answer the server's description of the run */
    private MlflowRun(MlflowClient client, Map<String, @Nullable Object> answer) throws IOException {
        this.client = client;
        Map<String, @Nullable Object> run = group(answer, "run");
        Map<String, @Nullable Object> info = group(run, "info");
        id = text(info, "run_id");
        try {
            artifacts = URI.create(text(info, "artifact_uri").replace(" ", "%20"));
        } catch (IllegalArgumentException e) {
            throw new IOException("an answer without the place of the run's artifacts", e);
        }
        if (run.get("data") instanceof Map<?, ?> data && data.get("metrics") instanceof List<?> metrics) {
            for (Object metric : metrics) {
                Map<String, @Nullable Object> last = Json.object(metric);
                sentBefore.put(text(last, "key"), number(last.get("step")));
            }
        }
    }

    /**
     * The run of a folder: the one that an earlier part of the training made on this server, and is going on again from now on, or
     * a new one. Its parameters and tags are sent.
     *
     * @param about what it is called, and what is known of it
     */
    static MlflowRun open(MlflowClient client, MlflowAbout about, Path folder) throws IOException {
        Path file = folder.resolve(MlflowTracker.FILE);
        Optional<MlflowRun> before = resume(client, file);
        MlflowRun run = before.isPresent() ? before.get() : begin(client, about, file);
        List<Map<String, String>> parameters = about.parameters();
        for (int from = 0; from < parameters.size(); from += PARAMETERS_AT_ONCE) {
            run.sendParameters(parameters.subList(from, Math.min(parameters.size(), from + PARAMETERS_AT_ONCE)));
        }
        return run;
    }

    /** One batch; parameters that are there already with the same values do no harm. */
    private void sendParameters(List<Map<String, String>> parameters) throws IOException {
        try {
            client.post("runs/log-batch", Map.of("run_id", id, "params", parameters));
        } catch (MlflowClient.Refused e) {
            if (e.isForbidden() || e.isForAMoment()) {
                throw e;
            }
            MlflowTracker.LOG.warn(
                    "MLflow does not take the recipe's values ({}); recipe.yaml has them", e.getMessage());
        }
    }

    private static Optional<MlflowRun> resume(MlflowClient client, Path file) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        Map<String, @Nullable Object> kept;
        try {
            kept = Json.readObject(file);
        } catch (Problem e) {
            return Optional.empty(); // a new one does
        }
        if (!client.address().toString().equals(kept.get("tracking_uri"))
                || !(kept.get("run_id") instanceof String id)) {
            return Optional.empty();
        }
        try {
            Map<String, @Nullable Object> answer = client.get("runs/get?run_id=" + encoded(id));
            if (!"active".equals(group(group(answer, "run"), "info").get("lifecycle_stage"))) {
                return Optional.empty(); // deleted there
            }
            client.post("runs/update", Map.of("run_id", id, "status", "RUNNING"));
            return Optional.of(new MlflowRun(client, answer));
        } catch (MlflowClient.Refused e) {
            if (e.code().equals(MISSING)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static MlflowRun begin(MlflowClient client, MlflowAbout about, Path file) throws IOException {
        String experiment = experiment(client, about);
        MlflowRun run = find(client, about, experiment);
        if (run == null) {
            about.noteAttempt();
            Map<String, Object> wish = new LinkedHashMap<>();
            wish.put("experiment_id", experiment);
            wish.put("run_name", about.name());
            wish.put("start_time", about.started());
            wish.put("tags", about.tags());
            run = new MlflowRun(client, client.post("runs/create", wish));
        }
        AtomicFile.write(
                file,
                Json.pretty(Map.of(
                        "tracking_uri", client.address().toString(), "experiment_id", experiment, "run_id", run.id)));
        MlflowTracker.LOG.info("MLflow: {}/#/experiments/{}/runs/{}", client.address(), experiment, run.id);
        return run;
    }

    /** The run that an earlier request made whose answer did not come. */
    private static @Nullable MlflowRun find(MlflowClient client, MlflowAbout about, String experiment)
            throws IOException {
        if (!about.wasAttempted()) {
            return null;
        }
        Map<String, Object> question =
                Map.of("experiment_ids", List.of(experiment), "filter", about.filter(), "max_results", 1);
        Object found = client.post("runs/search", question).get("runs");
        return found instanceof List<?> runs && !runs.isEmpty()
                ? new MlflowRun(client, Map.of("run", Json.object(runs.get(0))))
                : null;
    }

    private static String experiment(MlflowClient client, MlflowAbout about) throws IOException {
        String known = about.experimentId();
        if (known != null) {
            return known;
        }
        try {
            return text(
                    group(
                            client.get("experiments/get-by-name?experiment_name=" + encoded(about.experiment())),
                            "experiment"),
                    "experiment_id");
        } catch (MlflowClient.Refused e) {
            if (!e.code().equals(MISSING)) {
                throw e;
            }
            return text(client.post("experiments/create", Map.of("name", about.experiment())), "experiment_id");
        }
    }

    /** Those of a list that no earlier part of this run sent. */
    List<MlflowOutbox.Metric> missing(List<MlflowOutbox.Metric> numbers) {
        return numbers.stream().filter(this::isMissing).toList();
    }

    private boolean isMissing(MlflowOutbox.Metric number) {
        return number.step() > sentBefore.getOrDefault(number.key(), Long.MIN_VALUE);
    }

    /** Sends numbers, but those that an earlier part of this run sent: a resumed training computes them again. */
    void send(List<MlflowOutbox.Metric> numbers) throws IOException {
        List<Map<String, Object>> metrics = new ArrayList<>();
        for (MlflowOutbox.Metric number : numbers) {
            if (isMissing(number)) {
                metrics.add(Map.of(
                        "key",
                        number.key(),
                        "value",
                        finite(number.value()),
                        "timestamp",
                        number.time(),
                        "step",
                        number.step()));
            }
        }
        if (!metrics.isEmpty()) {
            client.post("runs/log-batch", Map.of("run_id", id, "metrics", metrics));
        }
    }

    /** As protocol buffers have them in JSON: what is no number is a text. */
    private static Object finite(double value) {
        return Double.isFinite(value) ? (Object) value : Double.toString(value);
    }

    /** Whether the server takes files: else they go to a storage whose keys only MLflow's own client knows. */
    boolean takesFiles() {
        return "mlflow-artifacts".equals(artifacts.getScheme()) && isOurs(artifacts.getAuthority());
    }

    private boolean isOurs(@Nullable String authority) {
        return authority == null || authority.equals(client.address().getAuthority());
    }

    /** Where it keeps files, for a reader's eyes. */
    String storage() {
        return artifacts.getScheme() == null ? "a folder of its own" : artifacts.getScheme() + " addresses";
    }

    /** @param path of the file in the run, slashes between its parts */
    void sendFile(String path, byte[] bytes) throws IOException {
        String folder = artifacts.getRawPath().replaceFirst("^/+", "");
        client.putArtifact(folder + "/" + path, bytes);
    }

    /** @param status {@code FINISHED}, {@code FAILED} or {@code KILLED} */
    void end(String status) throws IOException {
        client.post("runs/update", Map.of("run_id", id, "status", status, "end_time", System.currentTimeMillis()));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static Map<String, @Nullable Object> group(Map<String, @Nullable Object> answer, String key)
            throws IOException {
        if (answer.get(key) instanceof Map<?, ?> group) {
            return Json.object(group);
        }
        throw new IOException("an answer without '" + key + "': is this an MLflow server?");
    }

    private static String text(Map<String, @Nullable Object> answer, String key) throws IOException {
        if (answer.get(key) instanceof String text && !text.isEmpty()) {
            return text;
        }
        throw new IOException("an answer without '" + key + "': is this an MLflow server?");
    }

    /** Whole numbers are texts in some versions. */
    private static long number(@Nullable Object value) {
        try {
            return value == null ? 0 : Long.parseLong(value.toString());
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
