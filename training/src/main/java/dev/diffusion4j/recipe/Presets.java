// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Named changes that a recipe file carries along: {@code presets: {quick: {training: {epochs: 2}}}}. A group of keys is merged
 * into the recipe's group of that name, key by key; any other value takes the place of the recipe's. They are not part of a
 * {@link Recipe}: a run's {@code recipe.yaml} holds what came out.
 */
final class Presets {
    /** The key of a recipe file that holds them. */
    static final String KEY = "presets";

    private final String recipe;
    private final Map<String, Map<String, @Nullable Object>> changes = new LinkedHashMap<>();

    private Presets(String recipe) {
        this.recipe = recipe;
    }

    /**
     * Takes the presets out of a recipe file's values.
     *
     * @throws Problem (a wrong request) where they are no groups of keys
     */
    static Presets takeFrom(Map<String, @Nullable Object> values, String recipe) {
        Presets presets = new Presets(recipe);
        if (values.containsKey(KEY)) {
            group(values.remove(KEY), recipe, KEY)
                    .forEach((name, change) -> presets.changes.put(name, group(change, recipe, KEY + "." + name)));
        }
        return presets;
    }

    private static Map<String, @Nullable Object> group(@Nullable Object value, String recipe, String key) {
        if (value instanceof Map<?, ?>) {
            return Json.object(value);
        }
        throw Problem.request(
                "recipe " + recipe + ": " + key + " must be a group of keys, but was " + Json.describe(value));
    }

    /** Their names, in the file's order. */
    List<String> names() {
        return List.copyOf(changes.keySet());
    }

    /** All of them, by name. */
    Map<String, Map<String, @Nullable Object>> changes() {
        return changes;
    }

    /**
     * The recipe's values with a preset's changes, as a new map. The name becomes {@code NAME-PRESET}, so that the run has a
     * folder of its own, unless the preset gives one.
     *
     * @throws Problem (a wrong request) where there is no such preset
     */
    Map<String, @Nullable Object> apply(String preset, Map<String, @Nullable Object> values) {
        Map<String, @Nullable Object> change = changes.get(preset);
        if (change == null) {
            throw Problem.request("recipe " + recipe + " has no preset '" + preset + "'"
                    + (changes.isEmpty()
                            ? "; it has none at all: omit {preset}"
                            : Nearest.hint(preset, changes.keySet()) + "; it has " + String.join(", ", names())));
        }
        Map<String, @Nullable Object> merged = merge(values, change);
        if (!change.containsKey("name")) {
            merged.put("name", values.getOrDefault("name", Recipe.DEFAULT.name()) + "-" + preset);
        }
        return merged;
    }

    private static Map<String, @Nullable Object> merge(
            Map<String, @Nullable Object> values, Map<String, @Nullable Object> change) {
        Map<String, @Nullable Object> merged = new LinkedHashMap<>(values);
        change.forEach((key, now) -> {
            Object before = merged.get(key);
            boolean groups = before instanceof Map<?, ?> && now instanceof Map<?, ?>;
            merged.put(key, groups ? merge(Json.object(before), Json.object(now)) : now);
        });
        return merged;
    }

    /** Binds the recipe with each preset, so that a wrong key is found by whoever reads the file, not by whoever asks for it. */
    void check(Map<String, @Nullable Object> values) {
        for (String preset : new ArrayList<>(changes.keySet())) {
            Recipes.bind(apply(preset, values), "recipe " + recipe + ", preset " + preset);
        }
    }
}
