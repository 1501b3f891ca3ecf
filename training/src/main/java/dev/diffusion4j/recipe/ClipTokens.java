// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.folder.ClipFolder;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.model.clip.ClipPictures;
import dev.diffusion4j.text.BpeVocabulary;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TextCleaning;
import dev.diffusion4j.text.TokenizerFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a CLIP in training has beside its network: a tokenizer, which the run's folder keeps, and how it is given pictures. */
final class ClipTokens {
    private ClipTokens() {}

    /**
     * Looks whether a network can learn from captions as a recipe asks for.
     *
     * @throws Problem (a wrong request) where it cannot
     */
    static void check(Recipe recipe, Model model) {
        if (!(model instanceof ClipModel)) {
            if (recipe.model().tokenizer() != null) {
                throw Problem.request("model.tokenizer is for a CLIPModel, but the network is a "
                        + model.modelClass().name() + ": omit it");
            }
            return;
        }
        int batches = recipe.training().gradientAccumulationSteps();
        if (batches > 1) {
            throw Problem.request("training.gradient_accumulation_steps is " + batches
                    + ", but a CLIP compares the captions and pictures of one batch, which several small ones are not:"
                    + " set training.batch_size in its place");
        }
        if (recipe.training().batchSize() < 2) {
            throw Problem.request(
                    "training.batch_size is 1, but a CLIP compares the pictures of a batch: take 2 or more");
        }
    }

    /**
     * The tokenizer that a recipe asks for.
     *
     * @throws Problem (a wrong request) where the data has no captions to learn it from
     */
    static ClipTokenizer of(ModelSpec model, Dataset dataset) {
        TokenizerSpec spec = model.tokenizer() == null ? TokenizerSpec.DEFAULT : model.tokenizer();
        String folder = spec.folder();
        if (folder != null) {
            return TokenizerFolder.read(Path.of(folder));
        }
        List<String> captions = CaptionWords.some(dataset, spec.captions());
        if (captions.isEmpty()) {
            throw Problem.request(dataset.description() + " has no captions, but this recipe's network learns to read:"
                    + " use data with captions (scenes, or a folder with metadata.jsonl)");
        }
        return new ClipTokenizer(BpeVocabulary.learn(captions, spec.vocabulary()), TextCleaning.TRANSFORMERS);
    }

    /** The tokenizer of a run, which is kept in its folder from the beginning. */
    static ClipTokenizer ofRun(Recipe recipe, TrainingData data, RunFolder run, ClipModel model) {
        if (!Files.isDirectory(run.tokenizer())) {
            int length = model.typedConfig().textConfig().maxPositionEmbeddings();
            TokenizerFolder.write(
                    run.tokenizer(), of(recipe.model(), data.dataset()).withMaxLength(length));
        }
        return TokenizerFolder.read(run.tokenizer());
    }

    /** How a CLIP in training is given pictures: in [−1, 1]. */
    static ClipPictures pictures(ClipModel model) {
        return ClipPictures.ofSamples(model.typedConfig().visionConfig().imageSize());
    }

    /** Saves the network of a run with what it has beside. */
    static void save(Path target, ClipModel model, RunFolder run) {
        ClipFolder.write(target, model, TokenizerFolder.read(run.tokenizer()), pictures(model));
    }
}
