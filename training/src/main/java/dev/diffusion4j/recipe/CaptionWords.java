// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.model.PromptWords;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** What a data set's captions decide of a recipe: the words that a network knows, and what its previews show. */
final class CaptionWords {
    private static final int MOST_WORDS = 4096;
    private static final int MOST_CAPTIONS = 20_000;
    private static final int PREVIEWS = 4;

    private CaptionWords() {}

    /**
     * The words of the captions, or of 20,000 of them.
     *
     * @throws Problem (a wrong request) where there are none
     */
    static List<String> of(Dataset dataset) {
        List<String> words = PromptWords.vocabulary(captions(dataset, MOST_CAPTIONS, caption -> true), MOST_WORDS);
        if (words.isEmpty()) {
            throw Problem.request(
                    dataset.description() + " has no captions, but this recipe's network draws words: use data with"
                            + " captions (shapes, or a folder with metadata.jsonl), or set model.config.max_tokens to 0");
        }
        return words;
    }

    /**
     * The first few captions, for previews.
     *
     * @param fits whether a caption can be drawn
     */
    static List<String> firstOf(Dataset dataset, Predicate<String> fits) {
        return captions(dataset, PREVIEWS, fits);
    }

    /** So many captions at most, evenly over the data; all of its captions where there are no more. */
    static List<String> some(Dataset dataset, int most) {
        return captions(dataset, most, caption -> true);
    }

    private static List<String> captions(Dataset dataset, int most, Predicate<String> fits) {
        List<String> all = new ArrayList<>();
        int step = most == PREVIEWS ? 1 : Math.max(1, dataset.size() / most);
        for (int i = 0; i < dataset.size() && all.size() < most; i += step) {
            String caption = dataset.caption(i);
            if (caption != null && fits.test(caption)) {
                all.add(caption);
            }
        }
        return all;
    }
}
