// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Recipes that are run one after the other, each in a folder of its own within the chain's: {@link ChainRun} runs them. In a file it has
 * the keys of a recipe that describe it, {@code stages}, each a recipe by its name, and {@code each}, which the stages have in common.
 * A stage, or {@code each}, may begin with another recipe: {@code recipe: NAME}. {@value #RUN} in a stage's values is the chain's folder,
 * so that {@code $RUN/first/model} is what the stage {@code first} learnt. {@code result} names the stage whose model is the chain's own.
 *
 * @param stages by the names of their folders, in the order in which they are run
 * @param result one of them; {@code null} where each stands for itself
 */
public record Chain(
        String name,
        String summary,
        String source,
        List<String> figures,
        String cost,
        Map<String, Recipe> stages,
        @Nullable String result) {
    /** Stands for the chain's folder. */
    public static final String RUN = "$RUN";

    static final String STAGES = "stages";
    private static final String RESULT = "result";
    private static final String EACH = "each";
    private static final String BASE = "recipe";
    private static final List<String> ABOUT = List.of("name", "summary", "source", "figures", "cost");
    private static final String FOLDER_NAME = "[a-z][a-z0-9_-]*";

    public Chain {
        Check.that(!name.isBlank(), "name must not be empty");
        Check.that(!stages.isEmpty(), "a chain must have at least one stage");
        stages.keySet().forEach(Chain::checkName);
        Check.that(
                result == null || stages.containsKey(result),
                "result must name one of the stages " + String.join(", ", stages.keySet()) + ", but was '" + result
                        + "'");
        figures = List.copyOf(figures);
        stages = Collections.unmodifiableMap(new LinkedHashMap<>(stages));
    }

    /** A change such as {@code form.training.epochs=3} is of one stage: so none has the name of a recipe's key. */
    private static void checkName(String stage) {
        Check.that(
                stage.matches(FOLDER_NAME) && !Recipe.DEFAULT.toMap().containsKey(stage),
                "a stage's name must be a folder's, of small letters and digits, and no key of a recipe, but was '"
                        + stage + "'");
    }

    /**
     * From plain values.
     *
     * @param changes texts such as {@code training.epochs=3} for all stages, or {@code form.training.epochs=3} for one of them
     * @throws Problem (a wrong request) on an unknown key or a value that is not allowed
     */
    static Chain of(Map<String, @Nullable Object> file, List<String> changes, String where) {
        Map<String, @Nullable Object> about = new LinkedHashMap<>(file);
        Map<String, @Nullable Object> each = based(group(about.remove(EACH), where + ": " + EACH));
        Map<String, Map<String, @Nullable Object>> stages = new LinkedHashMap<>();
        group(about.remove(STAGES), where + ": " + STAGES)
                .forEach((stage, values) -> stages.put(
                        stage, RecipeDocument.merged(each, based(group(values, where + ": " + STAGES + "." + stage)))));
        changes.forEach(change -> set(about, stages, change));
        Object result = about.remove(RESULT);
        about.keySet().forEach(key -> {
            if (!ABOUT.contains(key)) {
                throw Problem.request(where + ": a chain of recipes has no key '" + key + "'; it has "
                        + String.join(", ", ABOUT) + ", " + RESULT + ", " + EACH + " and " + STAGES);
            }
        });
        Recipe described = Recipe.of(about, where);
        Map<String, Recipe> recipes = new LinkedHashMap<>();
        stages.forEach((stage, values) -> {
            values.put("name", described.name() + "-" + stage);
            recipes.put(stage, Recipe.of(values, where + ", stage " + stage));
        });
        return new Chain(
                described.name(),
                described.summary(),
                described.source(),
                described.figures(),
                described.cost(),
                recipes,
                result == null ? null : result.toString());
    }

    private static void set(
            Map<String, @Nullable Object> about, Map<String, Map<String, @Nullable Object>> stages, String change) {
        String first = change.split("[.=]", 2)[0].trim();
        Map<String, @Nullable Object> one = stages.get(first);
        if (one != null) {
            RecipeDocument.set(one, change.substring(change.indexOf(first) + first.length() + 1));
        } else if (ABOUT.contains(first) || first.equals(RESULT)) {
            RecipeDocument.set(about, change);
        } else {
            stages.values().forEach(values -> RecipeDocument.set(values, change));
        }
    }

    private static Map<String, @Nullable Object> based(Map<String, @Nullable Object> values) {
        Map<String, @Nullable Object> own = new LinkedHashMap<>(values);
        Object base = own.remove(BASE);
        return base == null
                ? own
                : RecipeDocument.merged(Recipes.find(base.toString()).values(), own);
    }

    private static Map<String, @Nullable Object> group(@Nullable Object value, String where) {
        if (value == null) {
            return Map.of();
        }
        if (value instanceof Map<?, ?>) {
            return Json.object(value);
        }
        throw Problem.request(where + " must be a group of keys, but was " + Json.describe(value));
    }

    /** All of it as plain values, each stage as a whole recipe. */
    public Map<String, @Nullable Object> toMap() {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("name", name);
        all.put("summary", summary);
        all.put("source", source);
        all.put("figures", figures);
        all.put("cost", cost);
        Map<String, Object> recipes = new LinkedHashMap<>();
        stages.forEach((stage, recipe) -> recipes.put(stage, recipe.toMap()));
        all.put(STAGES, recipes);
        if (result != null) {
            all.put(RESULT, result);
        }
        return all;
    }

    /** Whether a stage needs what an earlier one leaves in the folder. */
    public boolean isOnEarlier(String stage) {
        return !inFolder(stage, Path.of(RUN + RUN)).equals(stages.get(stage));
    }

    /** A stage's recipe, with {@value #RUN} replaced by the folder. */
    Recipe inFolder(String stage, Path folder) {
        Recipe recipe = java.util.Objects.requireNonNull(stages.get(stage));
        return Recipe.of(Json.object(placed(recipe.toMap(), folder)), "stage " + stage + " of " + name);
    }

    private static @Nullable Object placed(@Nullable Object value, Path folder) {
        if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> all = new LinkedHashMap<>();
            map.forEach((key, inner) -> all.put(String.valueOf(key), placed(inner, folder)));
            return all;
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> all = new ArrayList<>();
            list.forEach(inner -> all.add(placed(inner, folder)));
            return all;
        }
        return value instanceof String text ? text.replace(RUN, folder.toString()) : value;
    }
}
