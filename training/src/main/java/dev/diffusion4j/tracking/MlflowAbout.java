// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What MLflow receives of a run: its name, experiment, tags and parameters, within MLflow's limits. */
final class MlflowAbout {
    /** The experiment of runs whose recipe names no {@code project}. */
    private static final String EXPERIMENT = "diffusion4j";

    private static final String KEY = "diffusion4j.key";
    private static final int LONGEST_NAME = 250;
    private static final int LONGEST_PARAMETER = 6000;
    private static final int LONGEST_TAG = 5000;

    private final MlflowSettings settings;
    private final Map<String, @Nullable Object> recipe;
    private final String name;
    private final long started = System.currentTimeMillis();
    /** By which the run is found where the answer to its making got lost. */
    private final String key = UUID.randomUUID().toString();

    private boolean attempted;

    /**
     * @param recipe as in {@code recipe.yaml}
     * @param folder the run's, whose name is the run's
     */
    MlflowAbout(MlflowSettings settings, Map<String, @Nullable Object> recipe, Path folder) {
        this.settings = settings;
        this.recipe = recipe;
        name = String.valueOf(folder.toAbsolutePath().normalize().getFileName());
    }

    String name() {
        return name;
    }

    /** Milliseconds since 1970. */
    long started() {
        return started;
    }

    @Nullable
    String experimentId() {
        return settings.experimentId();
    }

    /** What the environment says goes before the recipe. */
    String experiment() {
        String asked = settings.experiment();
        return asked != null ? asked : Objects.toString(recipe.get("project"), EXPERIMENT);
    }

    /** From now on a run may be there already. */
    void noteAttempt() {
        attempted = true;
    }

    boolean wasAttempted() {
        return attempted;
    }

    /** Finds the run. */
    String filter() {
        return "tags.`" + KEY + "` = '" + key + "'";
    }

    /** Those that MLflow's pages show, and ours. */
    List<Map<String, String>> tags() {
        String version = MlflowAbout.class.getPackage().getImplementationVersion();
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put("mlflow.source.type", "LOCAL");
        tags.put("mlflow.source.name", "diffusion4j");
        tags.put("mlflow.user", System.getProperty("user.name", ""));
        tags.put("mlflow.note.content", Objects.toString(recipe.get("summary"), ""));
        tags.put("source", Objects.toString(recipe.get("source"), ""));
        tags.put("recipe", Objects.toString(recipe.get("name"), ""));
        tags.put("diffusion4j.version", version == null ? "development" : version);
        tags.put(KEY, key);
        tags.values().removeIf(String::isEmpty);
        return pairs(tags, LONGEST_TAG);
    }

    /** All values of the recipe: {@code training.optimizer.learning_rate}; lists as JSON. */
    List<Map<String, String>> parameters() {
        Map<String, String> flat = new LinkedHashMap<>();
        flatten("", recipe, flat);
        return pairs(flat, LONGEST_PARAMETER);
    }

    private static void flatten(String prefix, Map<?, ?> values, Map<String, String> flat) {
        values.forEach((key, value) -> {
            String path = prefix + key;
            if (value instanceof Map<?, ?> group && !group.isEmpty()) {
                flatten(path + ".", group, flat);
            } else if (value != null) {
                flat.put(named(path), value instanceof String text ? text : Json.compact(value));
            }
        });
    }

    /** A name that MLflow takes, on Windows too. */
    static String named(String key) {
        String name = key.replaceAll("[^A-Za-z0-9_./ -]", "_");
        return name.substring(0, Math.min(name.length(), LONGEST_NAME));
    }

    private static List<Map<String, String>> pairs(Map<String, String> values, int longest) {
        List<Map<String, String>> pairs = new ArrayList<>();
        values.forEach((key, value) -> pairs.add(Map.of("key", key, "value", shortened(value, longest))));
        return pairs;
    }

    private static String shortened(String value, int longest) {
        return value.length() <= longest ? value : value.substring(0, longest - 1) + "…";
    }
}
