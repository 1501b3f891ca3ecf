// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.model.PromptWords;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
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
        List<String> words = PromptWords.vocabulary(some(dataset, MOST_CAPTIONS), MOST_WORDS);
        if (words.isEmpty()) {
            throw Problem.request(
                    dataset.description() + " has no captions, but this recipe's network draws words: use data with"
                            + " captions (shapes, or a folder with metadata.jsonl), or set model.config.max_tokens to 0");
        }
        return words;
    }

    /**
     * The first few different captions, for previews; none of beyond the first 20,000 pictures.
     *
     * @param fits whether a caption can be drawn
     */
    static List<String> firstOf(Dataset dataset, Predicate<String> fits) {
        Set<String> first = new LinkedHashSet<>();
        int end = Math.min(dataset.size(), MOST_CAPTIONS);
        for (int i = 0; i < end && first.size() < PREVIEWS; i++) {
            String caption = dataset.caption(i);
            if (caption != null && !first.contains(caption) && fits.test(caption)) {
                first.add(caption);
            }
        }
        return List.copyOf(first);
    }

    /** So many captions at most, evenly over the data; all of its captions where there are no more. */
    static List<String> some(Dataset dataset, int most) {
        List<String> all = new ArrayList<>();
        int step = Math.max(1, dataset.size() / most);
        for (int i = 0; i < dataset.size() && all.size() < most; i += step) {
            String caption = dataset.caption(i);
            if (caption != null) {
                all.add(caption);
            }
        }
        return all;
    }
}
