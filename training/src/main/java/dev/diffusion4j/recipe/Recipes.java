// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Yaml;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
            "scene-judge",
            "scene-judges",
            "clip-small",
            "digits-cross-attention",
            "digits-lora",
            "dreambooth",
            "dreambooth-lora",
            "shapes-cross-attention",
            "text-to-image",
            "text-to-image-small",
            "from-scratch-basic",
            "finetune",
            "finetune-script",
            "train-unconditional");

    /** Those of {@link #BUILT_IN} whose own pictures do not come with the library: made-up shapes stand in for them. */
    public static final List<String> WITH_STAND_IN_DATA =
            List.of("butterflies-32", "butterflies-64", "finetune", "text-to-image", "train-unconditional");

    private Recipes() {}

    /**
     * A built-in recipe by name, or one in a {@code .yaml} file.
     *
     * @throws Problem (a wrong request) where there is no such recipe, (a failure) where the file is not YAML
     */
    public static RecipeDocument find(String nameOrFile) {
        return new RecipeDocument(nameOrFile, values(nameOrFile));
    }

    private static Map<String, @Nullable Object> values(String nameOrFile) {
        if (BUILT_IN.contains(nameOrFile)) {
            String text = text(nameOrFile);
            return Yaml.parseObject(text, "recipe " + nameOrFile);
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

    /** {@link #find}, then {@link RecipeDocument#recipe} without a preset. */
    public static Recipe load(String nameOrFile, List<String> changes) {
        return find(nameOrFile).recipe(null, changes);
    }

    /** A built-in recipe. */
    public static Recipe builtIn(String name) {
        return load(name, List.of());
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
}
