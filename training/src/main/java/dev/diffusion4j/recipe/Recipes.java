// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.base.Worded;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The recipes that come with the library, and those in files. */
public final class Recipes {
    /** The built-in ones: files of these names in {@code recipes/}. */
    public static final List<String> BUILT_IN = List.of(
            "quickstart",
            "butterflies-32",
            "butterflies-64",
            "mnist-class-conditioned",
            "context-guided-lab",
            "flowers-continuous",
            "digit-classifier",
            "mnist-classifier",
            "flower-classifier",
            "digits-cross-attention",
            "digits-lora",
            "shapes-cross-attention",
            "from-scratch-basic",
            "finetune",
            "finetune-script",
            "train-unconditional");

    /** Those of {@link #BUILT_IN} whose own pictures do not come with the library: made-up shapes stand in for them. */
    public static final List<String> WITH_STAND_IN_DATA =
            List.of("butterflies-32", "butterflies-64", "finetune", "train-unconditional");

    private Recipes() {}

    /**
     * A built-in recipe by name, or one in a {@code .yaml} file, with changes.
     *
     * @param changes texts such as {@code training.epochs=3}; the value is read as YAML
     * @throws Problem (a wrong request) naming what is wrong
     */
    public static Recipe load(String nameOrFile, List<String> changes) {
        return load(nameOrFile, null, changes);
    }

    /**
     * As {@link #load(String, List)}, with one of the presets that the recipe file holds; {@code changes} come after it.
     *
     * @param preset such as {@code quick}, which every built-in recipe of the lessons has; {@code null} for the recipe as it is
     * @throws Problem (a wrong request) naming what is wrong, an unknown preset included
     */
    public static Recipe load(String nameOrFile, @Nullable String preset, List<String> changes) {
        Map<String, @Nullable Object> file = read(nameOrFile);
        Presets presets = Presets.takeFrom(file, nameOrFile);
        presets.check(file);
        Map<String, @Nullable Object> values = preset == null ? file : presets.apply(preset, file);
        changes.forEach(change -> set(values, change));
        return bind(values, "recipe " + nameOrFile);
    }

    /** A built-in recipe. */
    public static Recipe builtIn(String name) {
        return load(name, List.of());
    }

    /** The presets of a recipe by name, and what each changes: {@code {quick: {training: {epochs: 2}}}}. */
    public static Map<String, Map<String, @Nullable Object>> presets(String nameOrFile) {
        return Presets.takeFrom(read(nameOrFile), nameOrFile).changes();
    }

    static Recipe bind(Map<String, @Nullable Object> values, String where) {
        try {
            return Recipe.of(values, where);
        } catch (IllegalArgumentException e) {
            throw Problem.request(Worded.marked(e));
        }
    }

    private static Map<String, @Nullable Object> read(String nameOrFile) {
        if (BUILT_IN.contains(nameOrFile)) {
            return Yaml.parseObject(text(nameOrFile), "recipe " + nameOrFile);
        }
        if (nameOrFile.endsWith(".yaml") || nameOrFile.endsWith(".yml")) {
            Path file = Path.of(nameOrFile);
            if (!Files.exists(file)) {
                throw Problem.request("there is no recipe file " + file);
            }
            return Yaml.readObject(file);
        }
        throw Problem.request("there is no recipe '" + nameOrFile + "'" + Nearest.hint(nameOrFile, BUILT_IN)
                + "; built in are " + String.join(", ", BUILT_IN) + "; a file's name ends in .yaml");
    }

    /** The text of a built-in recipe, with its comments. */
    public static String text(String name) {
        try (InputStream in = Recipes.class.getResourceAsStream("/recipes/" + name + ".yaml")) {
            if (in == null) {
                throw new IllegalStateException("the recipe " + name + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Sets {@code a.b=value} in nested maps. */
    private static void set(Map<String, @Nullable Object> values, String change) {
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
