// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A batch as tensors; borrowed.
 *
 * @param images {@code float32 (B, C, H, W)} in [−1, 1]
 * @param labels {@code int64 (B)} classes, −1 where there is none
 * @param captions words, {@code null} where there are none
 * @param exchanged captions in which two things have changed places, {@code null} where there are no two; none at all where nobody asks
 *     whether a network takes them for right
 * @param epoch which pass over the data, from 0
 */
public record TrainingExamples(
        Tensor images, Tensor labels, List<@Nullable String> captions, List<@Nullable String> exchanged, int epoch) {
    /** With nothing exchanged. */
    public TrainingExamples(Tensor images, Tensor labels, List<@Nullable String> captions, int epoch) {
        this(images, labels, captions, List.of(), epoch);
    }

    /** B. */
    public long size() {
        return images.size(0);
    }
}
