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
 * @param epoch which pass over the data, from 0
 */
public record TrainingExamples(Tensor images, Tensor labels, List<@Nullable String> captions, int epoch) {
    /** B. */
    public long size() {
        return images.size(0);
    }
}
