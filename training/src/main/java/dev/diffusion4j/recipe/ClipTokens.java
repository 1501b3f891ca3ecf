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
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/** What a CLIP in training has beside its network: a tokenizer, which the run's folder keeps, and how it is given pictures. */
final class ClipTokens {
    /** Of the pictures, to see whether data knows exchanged captions. */
    private static final int LOOKED_AT = 1000;

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
            if (recipe.objective().hardNegatives()) {
                throw Problem.request("objective.hard_negatives is for a CLIPModel, but the network is a "
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
     * Looks whether a network has a row for each token, and whether the data has captions that it can read.
     *
     * @throws Problem (a wrong request) naming pictures without a caption, or one whose caption is too long
     */
    static void checkCaptions(ClipModel model, ModelSpec spec, Dataset dataset) {
        ClipTokenizer tokenizer = of(spec, dataset);
        checkFits(model, tokenizer);
        int length = model.typedConfig().textConfig().maxPositionEmbeddings();
        TextCaptions.check(
                dataset,
                caption -> {
                    int tokens = tokenizer.encode(caption).size() + 2;
                    return tokens <= length
                            ? List.of()
                            : List.of("'" + caption + "' has " + tokens + " tokens with a text's two marks, at most "
                                    + length + " are read");
                },
                "raise model.config.text_config.max_position_embeddings, or shorten them");
    }

    /**
     * Looks whether data knows captions that are wrong in the order of two things.
     *
     * @throws Problem (a wrong request) where none of the first does
     */
    static void checkExchanged(ObjectiveConfig config, Dataset dataset) {
        boolean knows = IntStream.range(0, Math.min(LOOKED_AT, dataset.size()))
                .anyMatch(index -> dataset.exchanged(index) != null);
        if (config.hardNegatives() && !knows) {
            throw Problem.request(
                    "objective.hard_negatives takes captions in which two things have changed places, but "
                            + dataset.description() + " knows none: omit it, or take data that does, as scenes");
        }
    }

    private static void checkFits(ClipModel model, ClipTokenizer tokenizer) {
        int rows = model.typedConfig().textConfig().vocabSize();
        int end = model.typedConfig().textConfig().eosTokenId();
        if (rows < tokenizer.size() || end != tokenizer.endId()) {
            throw Problem.request("the tokenizer has " + tokenizer.size() + " tokens and ends a text by number "
                    + tokenizer.endId() + ", but model.config.text_config has vocab_size " + rows
                    + " and eos_token_id " + end + ": omit both, and the tokenizer decides");
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
        if (!TokenizerFolder.isWhole(run.tokenizer())) { // what was interrupted is written again
            int length = model.typedConfig().textConfig().maxPositionEmbeddings();
            TokenizerFolder.write(
                    run.tokenizer(), of(recipe.model(), data.dataset()).withMaxLength(length));
        }
        ClipTokenizer tokenizer = TokenizerFolder.read(run.tokenizer());
        checkFits(model, tokenizer);
        return tokenizer;
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
