// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import dev.diffusion4j.tensor.NoiseSource;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A Gaussian for each value of a sample.
 *
 * @param mean {@code float32 (B, C, H, W)}
 * @param std of the same shape, or {@code null} where a picture has one sample only
 */
public record Moments(Tensor mean, @Nullable Tensor std) {
    /** Of a codec that gives one sample for a picture. */
    public static Moments exact(Tensor sample) {
        return new Moments(sample, null);
    }

    /**
     * A sample.
     *
     * @param noise of the batch; nothing is drawn from it where there is one sample only
     * @return {@link #mean()} itself, or a new tensor owned by the current scope
     */
    public Tensor sample(NoiseSource noise) {
        return std == null ? mean : mean.add(std.mul(noise.like(mean)));
    }

    /** All tensors, for handing them from a scope to the one around it. */
    public List<Tensor> tensors() {
        return std == null ? List.of(mean) : List.of(mean, std);
    }
}
