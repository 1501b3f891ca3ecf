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
import java.util.ArrayList;
import java.util.List;

/** What a CLIP in training has beside its network: a tokenizer, which the run's folder keeps, and how it is given pictures. */
final class ClipTokens {
    private static final int MOST_CHECKED = 100_000;

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
     * Looks at all captions, or at a hundred thousand of them, evenly spread.
     *
     * @throws Problem (a wrong request) naming the first picture without a caption, or the first whose caption is too long
     */
    static void checkCaptions(ClipModel model, ModelSpec spec, Dataset dataset) {
        ClipTokenizer tokenizer = of(spec, dataset);
        int length = model.typedConfig().textConfig().maxPositionEmbeddings();
        checkFits(model, tokenizer);
        int step = Math.max(1, dataset.size() / MOST_CHECKED);
        int looked = (dataset.size() - 1) / step + 1;
        List<Integer> without = new ArrayList<>();
        List<Integer> tooLong = new ArrayList<>();
        for (int i = 0; i < dataset.size(); i += step) {
            String caption = dataset.caption(i);
            if (caption == null) {
                without.add(i);
            } else if (tokenizer.encode(caption).size() > length - 2) {
                tooLong.add(i);
            }
        }
        if (!without.isEmpty()) {
            throw Problem.request(share(without, looked, dataset) + " has no caption, but this recipe's network learns"
                    + " what captions say: add them, or take the pictures out");
        }
        if (!tooLong.isEmpty()) {
            throw Problem.request(share(tooLong, looked, dataset) + " has a caption of more than the " + (length - 2)
                    + " tokens that the network reads: raise model.config.text_config.max_position_embeddings ("
                    + length + " with a text's two marks), or shorten them");
        }
    }

    private static String share(List<Integer> found, int looked, Dataset dataset) {
        String more = found.size() == 1 ? "" : " (the first of " + found.size() + " among " + looked + ")";
        return dataset.description() + ": " + dataset.name(found.get(0)) + more;
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
