// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Between which values a sample's pixels lie: what is black and what is white.
 *
 * @param low black
 * @param high white
 */
public record SampleRange(float low, float high) {
    /** [−1, 1], as almost all networks have it. */
    public static final SampleRange SIGNED = new SampleRange(-1, 1);
    /** [0, 1], as the networks of Song et al. (2021) have it. */
    public static final SampleRange UNIT = new SampleRange(0, 1);

    /** The key of a scheduler's config that names the range: {@code signed} or {@code unit}. */
    static final String KEY = "sample_range";

    /**
     * By its name in a scheduler's config.
     *
     * @param name {@code signed} or {@code unit}
     * @throws IllegalArgumentException where there is no such range
     */
    static SampleRange named(Object name) {
        return switch (String.valueOf(name)) {
            case "signed" -> SIGNED;
            case "unit" -> UNIT;
            default ->
                throw new IllegalArgumentException(
                        KEY + " must be signed, for pixels from -1 to 1, or unit, for pixels from"
                                + " 0 to 1, but was '" + name + "'");
        };
    }

    /**
     * A sample as a picture: 0 black, 1 white, not cut; differentiable.
     *
     * @param sample {@code float32 (B, C, H, W)} in this range
     * @return {@code float32 (B, C, H, W)}, a new tensor owned by the current scope
     */
    public Tensor toUnit(Tensor sample) {
        return TensorScope.keepResult(() -> sample.sub(new Scalar(low)).div(new Scalar((double) high - low)));
    }

    /**
     * Pictures as the network wants them.
     *
     * @param pictures {@code float32 (B, C, H, W)} in [−1, 1]
     * @return {@code pictures} itself where they lie in this range already, or a new tensor owned by the current scope
     */
    public Tensor fromSigned(Tensor pictures) {
        if (equals(SIGNED)) {
            return pictures;
        }
        return TensorScope.keepResult(
                () -> Combine.scale((high - low) / 2, pictures).add(new Scalar((high + low) / 2)));
    }
}
