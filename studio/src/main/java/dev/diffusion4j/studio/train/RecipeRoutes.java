// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.train;

import dev.diffusion4j.json.Records;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.recipe.RecipeDocument;
import dev.diffusion4j.recipe.RecipeTimes;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.form.RecipeForm;
import dev.diffusion4j.serve.Refusal;
import dev.diffusion4j.studio.base.Calls;
import dev.diffusion4j.studio.base.Folders;
import io.javalin.config.RoutesConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The recipes, their forms, and what a filled in form comes to. */
final class RecipeRoutes {
    private final String path;
    private final Folders folders;
    private final PlaceGuard guard;
    private List<Object> builtIn = List.of();

    RecipeRoutes(String path, Folders folders) {
        this.path = path;
        this.folders = folders;
        this.guard = new PlaceGuard(folders);
    }

    void add(RoutesConfig routes) {
        routes.get(path + "/recipes", Calls.json(ctx -> Map.of("recipes", recipes())));
        routes.get(path + "/times", Calls.json(ctx -> Map.of("times", times())));
        routes.get(
                path + "/form",
                Calls.json(ctx -> form(String.valueOf(ctx.queryParam("recipe")), ctx.queryParam("preset"))));
        routes.post(path + "/check", Calls.json(ctx -> {
            Filled filled = filled(Calls.body(ctx));
            return Map.of("call", filled.words());
        }));
    }

    /**
     * A form as a page sent it.
     *
     * @param words of the command
     * @param name that the run has by itself
     */
    record Filled(List<String> words, String name) {}

    /**
     * Reads and checks {@code recipe}, {@code preset} and {@code changes}, a text for each key.
     *
     * @throws RuntimeException a problem or refusal that names the field
     */
    Filled filled(Map<String, @Nullable Object> body) {
        String recipe = Calls.text(body, "recipe");
        String preset = body.get("preset") instanceof String text && !text.isEmpty() ? text : null;
        RecipeDocument document = document(recipe);
        List<String> changes = new ArrayList<>();
        if (body.get("changes") instanceof Map<?, ?> all) {
            all.forEach((key, value) -> changes.add(guard.located(key + "=" + value)));
        }
        RecipeForm.check(document, preset, changes);
        guard.check(document, preset, changes);
        String name = document.isChain()
                ? document.chain(preset, changes).name()
                : document.recipe(preset, changes).name();
        return new Filled(Trainings.words(named(recipe), preset, changes), name);
    }

    /** A built-in recipe by name; any other is a file in the folders that are open. */
    private RecipeDocument document(String recipe) {
        return Recipes.find(named(recipe));
    }

    private String named(String recipe) {
        if (Recipes.BUILT_IN.contains(recipe)) {
            return recipe;
        }
        if (!recipe.endsWith(".yaml")) {
            throw Refusal.missing("there is no recipe of that name");
        }
        return folders.resolve(recipe).toString();
    }

    /** Read once: they come with the library. */
    private synchronized List<Object> recipes() {
        if (builtIn.isEmpty()) {
            builtIn = readRecipes();
        }
        return builtIn;
    }

    private static List<Object> readRecipes() {
        List<Object> all = new ArrayList<>();
        for (String name : Recipes.BUILT_IN) {
            RecipeDocument document = Recipes.find(name);
            RecipeDocument.About about = document.about();
            Map<String, Object> map = new LinkedHashMap<>();
            map.put("name", name);
            map.put("summary", about.summary());
            map.put("source", about.source());
            map.put("figures", about.figures());
            map.put("cost", about.cost());
            map.put("presets", List.copyOf(document.presets().keySet()));
            map.put("is_chain", document.isChain());
            map.put("is_first", RecipeTimes.isFirstStep(name).orElse(false));
            map.put("has_stand_in", Recipes.WITH_STAND_IN_DATA.contains(name));
            all.add(map);
        }
        return all;
    }

    /** What each recipe and preset takes on this machine, as {@code diffuse recipes} guesses. */
    private static Map<String, Object> times() {
        double gflops = SpeedProbe.current().best();
        Map<String, Object> all = new LinkedHashMap<>();
        for (String name : Recipes.BUILT_IN) {
            Map<String, Object> presets = new LinkedHashMap<>();
            RecipeTimes.on(gflops, name, null).ifPresent(range -> presets.put("", range(range)));
            for (String preset : Recipes.find(name).presets().keySet()) {
                RecipeTimes.on(gflops, name, preset).ifPresent(range -> presets.put(preset, range(range)));
            }
            all.put(name, presets);
        }
        return all;
    }

    private static List<Double> range(RecipeTimes.Range range) {
        return List.of(range.low(), range.high());
    }

    private Map<String, @Nullable Object> form(String recipe, @Nullable String preset) {
        RecipeForm form = RecipeForm.of(document(recipe), preset == null || preset.isEmpty() ? null : preset);
        return Records.toMap(form);
    }
}
