// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.text.ClipTokenizer;
import java.util.List;
import java.util.function.Supplier;

/**
 * What a family fits its config to: the pictures that a network is to learn from, and how it is to be used.
 *
 * @param description the data, as text
 * @param channels of a sample
 * @param size of a sample
 * @param classNames the data's classes, class 0 first; empty for none
 * @param words the vocabulary of the captions; throws a {@link dev.diffusion4j.base.Problem} where there are none
 * @param tokenizer of the captions; throws a {@link dev.diffusion4j.base.Problem} where there are none
 * @param textFeatures numbers of a prompt's token, as text encoders beside the network give them; 0 where there are none
 * @param numTrainTimesteps of the scheduler
 * @param classConditional whether the network is to be given the class; asked by families that can do without
 */
public record FitTarget(
        String description,
        int channels,
        SampleSize size,
        List<String> classNames,
        Supplier<List<String>> words,
        Supplier<ClipTokenizer> tokenizer,
        int textFeatures,
        int numTrainTimesteps,
        boolean classConditional) {
    public FitTarget {
        classNames = List.copyOf(classNames);
    }

    /** How many classes the data has; 0 for none. */
    public int classes() {
        return classNames.size();
    }
}
