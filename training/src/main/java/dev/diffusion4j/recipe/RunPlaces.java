// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.data.DataSources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The folders and files of this machine that a recipe names: kept whole, so that a run goes on from any working folder. */
final class RunPlaces {
    private RunPlaces() {}

    /** The recipe with absolute paths of its data, its first adapter and its extractor, as far as they are on this machine. */
    static Recipe absolute(Recipe recipe) {
        Recipe located = isOfAProgram(recipe)
                ? recipe
                : recipe.with(
                        "data",
                        Map.of("source", DataSources.absolute(recipe.data().source())));
        String adapter = adapter(recipe);
        if (adapter != null && Files.exists(Path.of(adapter))) {
            located = located.with("lora", Map.of("from", absolute(adapter)));
        }
        String extractor = extractor(recipe);
        if (extractor != null && Files.exists(Path.of(extractor))) {
            located = located.with("validation", Map.of("kid", Map.of("extractor", absolute(extractor))));
        }
        return located;
    }

    private static String absolute(String path) {
        return Path.of(path).toAbsolutePath().normalize().toString();
    }

    /**
     * Looks whether a run of an earlier version, which kept paths as they were given, finds its places from this working folder.
     *
     * @throws UserError (exit code 1) naming the one that it does not find
     */
    static void check(Recipe recipe, Path run) {
        if (!isOfAProgram(recipe)) {
            check("data.source", DataSources.place(recipe.data().source()), run);
        }
        check("validation.kid.extractor", Optional.ofNullable(extractor(recipe)).map(Path::of), run);
    }

    private static void check(String key, Optional<Path> place, Path run) {
        place.filter(path -> !path.isAbsolute() && !Files.exists(path)).ifPresent(path -> {
            throw UserError.failure("the run in " + run + " was begun in another working folder: its " + key + " is the"
                    + " relative path " + path + ", and there is no " + path.toAbsolutePath()
                    + ": resume it in the folder that it was begun in, or make the path in its recipe.yaml absolute");
        });
    }

    private static boolean isOfAProgram(Recipe recipe) {
        return recipe.data().source().startsWith(TrainingRun.OWN);
    }

    private static @Nullable String adapter(Recipe recipe) {
        LoraConfig lora = recipe.lora();
        return lora == null ? null : lora.from();
    }

    private static @Nullable String extractor(Recipe recipe) {
        ValidationConfig validation = recipe.validation();
        return validation == null || validation.kid() == null
                ? null
                : validation.kid().extractor();
    }
}
