// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A recipe as it is written: the values of a YAML file, and the presets that the file carries along, {@code presets: {quick:
 * {training: {epochs: 2}}}}. A group of keys of a preset is merged into the recipe's group of that name, key by key; any other value
 * takes the place of the recipe's. Presets are not part of a {@link Recipe}: a run's {@code recipe.yaml} holds what came out.
 */
public final class RecipeDocument {
    /** The key of a recipe file that holds the presets. */
    private static final String PRESETS = "presets";

    private final String name;
    private final Map<String, @Nullable Object> values;
    private final Map<String, Map<String, @Nullable Object>> presets = new LinkedHashMap<>();

    /**
     * Each preset is tried, so that a wrong key is found by whoever reads the file, not by whoever asks for the preset.
     *
     * @param name of the built-in recipe or the file, for messages
     * @throws Problem (a wrong request) where the presets are no groups of keys, or one of them makes no recipe
     */
    RecipeDocument(String name, Map<String, @Nullable Object> file) {
        this.name = name;
        this.values = new LinkedHashMap<>(file);
        if (values.containsKey(PRESETS)) {
            group(PRESETS, values.remove(PRESETS))
                    .forEach((preset, change) -> presets.put(preset, group(PRESETS + "." + preset, change)));
        }
        presets.keySet().forEach(preset -> {
            String where = "recipe " + name + ", preset " + preset;
            if (isChain()) {
                Chain.of(withPreset(preset), List.of(), where);
            } else {
                Recipe.of(withPreset(preset), where);
            }
        });
    }

    /** Whether it is a {@link Chain} of recipes. */
    public boolean isChain() {
        return values.containsKey(Chain.STAGES);
    }

    private Map<String, @Nullable Object> group(String key, @Nullable Object value) {
        if (value instanceof Map<?, ?>) {
            return Json.object(value);
        }
        throw Problem.request(
                "recipe " + name + ": " + key + " must be a group of keys, but was " + Json.describe(value));
    }

    /** The presets by name, in the file's order, and what each changes: {@code {quick: {training: {epochs: 2}}}}. */
    public Map<String, Map<String, @Nullable Object>> presets() {
        return Collections.unmodifiableMap(presets);
    }

    /**
     * The recipe, with a preset and with changes, which come after it.
     *
     * @param preset such as {@code quick}, which every built-in recipe of the lessons has; {@code null} for the recipe as it is. The
     *     recipe's name becomes {@code NAME-PRESET}, so that the run has a folder of its own, unless the preset gives one
     * @param changes texts such as {@code training.epochs=3}; the value is read as YAML
     * @throws Problem (a wrong request) naming what is wrong, an unknown preset included
     */
    public Recipe recipe(@Nullable String preset, List<String> changes) {
        if (isChain()) {
            throw Problem.request(name + " is a chain of recipes, which is run whole; a recipe is required here");
        }
        Map<String, @Nullable Object> all = preset == null ? new LinkedHashMap<>(values) : withPreset(preset);
        changes.forEach(change -> set(all, change));
        return Recipe.of(all, "recipe " + name);
    }

    /**
     * The chain, with a preset and with changes, as {@link #recipe} has them: of all stages, or {@code STAGE.training.epochs=3} of one.
     *
     * @throws Problem (a wrong request) naming what is wrong
     */
    public Chain chain(@Nullable String preset, List<String> changes) {
        return Chain.of(preset == null ? values : withPreset(preset), changes, "recipe " + name);
    }

    /** What describes a recipe or a chain. */
    public record About(String summary, String source, List<String> figures, String cost) {}

    /** What describes it. */
    public About about() {
        if (isChain()) {
            Chain chain = chain(null, List.of());
            return new About(chain.summary(), chain.source(), chain.figures(), chain.cost());
        }
        Recipe recipe = recipe(null, List.of());
        return new About(recipe.summary(), recipe.source(), recipe.figures(), recipe.cost());
    }

    /** All of it without its presets, with what it does not say itself. */
    public Map<String, @Nullable Object> toMap() {
        return isChain()
                ? chain(null, List.of()).toMap()
                : recipe(null, List.of()).toMap();
    }

    /** The file's values without its presets. */
    Map<String, @Nullable Object> values() {
        return Collections.unmodifiableMap(values);
    }

    private Map<String, @Nullable Object> withPreset(String preset) {
        Map<String, @Nullable Object> change = presets.get(preset);
        if (change == null) {
            throw Problem.request("recipe " + name + " has no preset '" + preset + "'"
                    + (presets.isEmpty()
                            ? "; it has none at all: omit {preset}"
                            : Nearest.hint(preset, presets.keySet()) + "; it has "
                                    + String.join(", ", presets.keySet())));
        }
        Map<String, @Nullable Object> merged = merged(values, change);
        if (!change.containsKey("name")) {
            merged.put("name", values.getOrDefault("name", Recipe.DEFAULT.name()) + "-" + preset);
        }
        return merged;
    }

    /** The second over the first, group by group. */
    static Map<String, @Nullable Object> merged(
            Map<String, @Nullable Object> values, Map<String, @Nullable Object> change) {
        Map<String, @Nullable Object> merged = new LinkedHashMap<>(values);
        change.forEach((key, now) -> {
            Object before = merged.get(key);
            boolean groups = before instanceof Map<?, ?> && now instanceof Map<?, ?>;
            merged.put(key, groups ? merged(Json.object(before), Json.object(now)) : now);
        });
        return merged;
    }

    /** Sets {@code a.b=value} in nested maps, of which those on the way are copied. */
    static void set(Map<String, @Nullable Object> values, String change) {
        int equals = change.indexOf('=');
        if (equals <= 0) {
            throw Problem.request("set", change, "be key=value, such as training.epochs=3");
        }
        String[] path = change.substring(0, equals).trim().split("\\.");
        Object value;
        try {
            value = Yaml.parse(change.substring(equals + 1), "{set} " + change);
        } catch (Problem e) {
            throw Problem.request(Worded.marked(e));
        }
        Map<String, @Nullable Object> group = values;
        for (int i = 0; i + 1 < path.length; i++) {
            Object inner = group.get(path[i]);
            if (inner != null && !(inner instanceof Map<?, ?>)) {
                throw Problem.request("{set} " + change + ": " + path[i] + " is no group of keys");
            }
            Map<String, @Nullable Object> copy =
                    inner == null ? new LinkedHashMap<>() : new LinkedHashMap<>(Json.object(inner));
            group.put(path[i], copy);
            group = copy;
        }
        group.put(path[path.length - 1], value);
    }
}
