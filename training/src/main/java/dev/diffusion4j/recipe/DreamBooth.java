// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.condition.Subject;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.view.CaptionedDataset;
import dev.diffusion4j.model.Model;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The data of a recipe: as it is, or the pictures of one thing with those of its kind. */
final class DreamBooth {
    /** The labels of both kinds. */
    private static final List<String> KINDS = List.of("instance", "class");

    private DreamBooth() {}

    /** @throws Problem (a wrong request) where the prompts, the batches or the folder of class pictures cannot be */
    static void check(Recipe recipe, RunFolder run) {
        DreamBoothConfig config = recipe.dreambooth();
        if (config == null) {
            return;
        }
        if (recipe.model().from() == null) {
            throw Problem.request("recipe " + recipe.name()
                    + " teaches a trained text-to-image model: name its folder with {model.from}=FOLDER");
        }
        config.problem().ifPresent(problem -> {
            throw Problem.request(problem);
        });
        if (config.hasPrior()) {
            int size = recipe.training().batchSize();
            if (size % 2 != 0) {
                throw Problem.request("training.batch_size is " + size
                        + ", but half of a batch shows the kind (dreambooth.prior_weight): give an even number");
            }
            ClassPictures.checkFolder(ClassPictures.folder(recipe, run));
        }
    }

    /** @throws Problem (a wrong request) where the base of a recipe draws no prompts */
    static void checkBase(Recipe recipe, Model model, @Nullable Conditioner conditioner) {
        if (recipe.dreambooth() != null && (conditioner == null || conditioner.takes() != Subject.Kind.PROMPT)) {
            throw Problem.request("recipe " + recipe.name() + " teaches a text-to-image model, but "
                    + recipe.model().from() + " holds a " + model.modelClass().name()
                    + " that draws no prompts: name another {model.from}");
        }
    }

    /** What a run learns from, without the pictures of the kind, which may not be drawn yet; the caller closes it. */
    static TrainingData openFirst(Recipe recipe, RunParts parts) {
        DreamBoothConfig config = recipe.dreambooth();
        return config == null
                ? parts.open(recipe.data())
                : TrainingData.of(recipe.data(), instance(recipe, config, parts));
    }

    /** What a run learns from; the caller closes it. */
    static TrainingData open(Recipe recipe, RunFolder run, RunParts parts) {
        DreamBoothConfig config = recipe.dreambooth();
        if (config == null || !config.hasPrior()) {
            return openFirst(recipe, parts);
        }
        Dataset instance = instance(recipe, config, parts);
        try {
            ClassPictures pictures = new ClassPictures(recipe, config, run);
            return TrainingData.ofTwo(
                    recipe.data(), instance, new CaptionedDataset(pictures.open(), KINDS, 1, pictures::caption));
        } catch (Throwable e) {
            instance.close();
            throw e;
        }
    }

    private static Dataset instance(Recipe recipe, DreamBoothConfig config, RunParts parts) {
        Dataset source = parts.openSource(recipe.data());
        return new CaptionedDataset(
                source, KINDS, 0, index -> config.shownUnder(source.caption(index), source.name(index)));
    }
}
