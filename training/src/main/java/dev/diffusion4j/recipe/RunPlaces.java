// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.DataSources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The folders and files of this machine that a recipe names: kept whole, so that a run goes on from any working folder. */
final class RunPlaces {
    private RunPlaces() {}

    /** The recipe with absolute paths of its data, its class pictures and their captions, its first adapter and its extractor, as far as they are on this machine. */
    static Recipe absolute(Recipe recipe) {
        return recipe.with(draft -> {
            if (!RunParts.isBrought(recipe.data().source())) {
                draft.data.source = DataSources.absolute(recipe.data().source());
            }
            draft.model.parts = absolute(recipe.model().parts());
            draft.lora = absolute(recipe.lora());
            draft.dreambooth = absolute(recipe.dreambooth());
            draft.validation = absolute(recipe.validation());
            draft.model.tokenizer = absolute(recipe.model().tokenizer());
            draft.objective.autoencoder = absolute(recipe.objective().autoencoder());
        });
    }

    private static Map<String, String> absolute(Map<String, String> parts) {
        Map<String, String> all = new LinkedHashMap<>(parts);
        all.replaceAll((name, place) -> Files.exists(Path.of(place)) ? absolute(place) : place);
        return all;
    }

    private static @Nullable LoraConfig absolute(@Nullable LoraConfig lora) {
        String from = lora == null ? null : lora.from();
        return lora == null || from == null || !Files.exists(Path.of(from)) ? lora : lora.withFrom(absolute(from));
    }

    private static @Nullable DreamBoothConfig absolute(@Nullable DreamBoothConfig dreambooth) {
        if (dreambooth == null) {
            return null;
        }
        String folder = dreambooth.classPictures();
        String captions = dreambooth.classCaptions();
        return dreambooth.with(draft -> {
            draft.classPictures = folder == null ? null : absolute(folder);
            draft.classCaptions = captions == null ? null : absoluteCaptions(captions);
        });
    }

    private static String absoluteCaptions(String source) {
        try {
            return DataSources.absolute(source);
        } catch (Problem e) {
            throw Problem.request("dreambooth.class_captions: " + e.getMessage());
        }
    }

    private static @Nullable ValidationConfig absolute(@Nullable ValidationConfig validation) {
        ValidationConfig.KidConfig kid = validation == null ? null : validation.kid();
        if (validation == null || kid == null || !Files.exists(Path.of(kid.extractor()))) {
            return validation;
        }
        return validation.withKid(new ValidationConfig.KidConfig(
                absolute(kid.extractor()), kid.steps(), kid.count(), kid.block(), kid.seed()));
    }

    private static @Nullable TokenizerSpec absolute(@Nullable TokenizerSpec tokenizer) {
        String folder = tokenizer == null ? null : tokenizer.folder();
        return tokenizer == null || folder == null || !Files.exists(Path.of(folder))
                ? tokenizer
                : tokenizer.withFolder(absolute(folder));
    }

    private static AutoencoderConfig absolute(AutoencoderConfig autoencoder) {
        String folder = autoencoder.classifier();
        return folder == null || !Files.exists(Path.of(folder))
                ? autoencoder
                : autoencoder.withClassifier(absolute(folder));
    }

    private static String absolute(String path) {
        return Path.of(path).toAbsolutePath().normalize().toString();
    }

    /**
     * Looks whether a run of an earlier version, which kept paths as they were given, finds its places from this working folder.
     *
     * @throws Problem (a failure) naming the one that it does not find
     */
    static void check(Recipe recipe, Path run) {
        if (!RunParts.isBrought(recipe.data().source())) {
            check("data.source", DataSources.place(recipe.data().source()), run);
        }
        check("validation.kid.extractor", Optional.ofNullable(extractor(recipe)).map(Path::of), run);
    }

    private static void check(String key, Optional<Path> place, Path run) {
        place.filter(path -> !path.isAbsolute() && !Files.exists(path)).ifPresent(path -> {
            throw Problem.failure("the run in " + run + " was begun in another working folder: its " + key + " is the"
                    + " relative path " + path + ", and there is no " + path.toAbsolutePath()
                    + ": resume it in the folder that it was begun in, or make the path in its recipe.yaml absolute");
        });
    }

    private static @Nullable String extractor(Recipe recipe) {
        ValidationConfig validation = recipe.validation();
        return validation == null || validation.kid() == null
                ? null
                : validation.kid().extractor();
    }
}
