// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.loader;

import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Several pictures, ready for a network.
 *
 * @param values C·H·W values for each picture, in [−1, 1]
 * @param shape (B, C, H, W)
 * @param labels the classes, −1 where there is none
 * @param captions words, {@code null} where there are none
 * @param exchanged wrong ones, see {@link dev.diffusion4j.data.Dataset#exchanged}; {@code null} where there are none
 * @param epoch which pass over the data, from 0
 * @param indexInEpoch which batch of the pass, from 0
 * @param share which pictures these are of the batch of all processes
 */
public record Batch(
        float[] values,
        long[] shape,
        long[] labels,
        List<@Nullable String> captions,
        List<@Nullable String> exchanged,
        int epoch,
        int indexInEpoch,
        BatchShare share) {

    /** B. */
    public int size() {
        return labels.length;
    }

    /** {@code float32 (B, C, H, W)}, a new tensor owned by the current scope. */
    public Tensor images() {
        return Tensors.of(values, shape);
    }

    /** {@code int64 (B)}, a new tensor owned by the current scope. */
    public Tensor labelTensor() {
        return Tensors.ofLongs(labels);
    }

    @Override
    public String toString() {
        return "batch " + indexInEpoch + " of epoch " + epoch + " " + Shapes.text(shape);
    }
}
