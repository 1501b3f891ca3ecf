// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.autoencoder;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;

/**
 * The Gaussians that an {@link AutoencoderKl} draws latents from, one for each number.
 *
 * @param mean {@code (B, C, H, W)}
 * @param logVariance of the same shape, within diffusers' limits
 */
public record LatentDistribution(Tensor mean, Tensor logVariance) {
    /** diffusers' limits of the logarithm of a variance ({@code DiagonalGaussianDistribution}). */
    private static final double MIN_LOG_VARIANCE = -30;

    private static final double MAX_LOG_VARIANCE = 20;

    /**
     * @param encoded what {@link AutoencoderKl#encode} gives, {@code (B, 2·C, H, W)}
     * @return a view of it and a new tensor, owned by the current scope; differentiable
     */
    public static LatentDistribution of(Tensor encoded) {
        long channels = encoded.size(1) / 2;
        return new LatentDistribution(
                encoded.narrow(1, 0, channels),
                encoded.narrow(1, channels, channels)
                        .clamp(
                                new ScalarOptional(new Scalar(MIN_LOG_VARIANCE)),
                                new ScalarOptional(new Scalar(MAX_LOG_VARIANCE))));
    }

    /** The standard deviation, a new tensor of the current scope's; differentiable. */
    public Tensor std() {
        return logVariance.mul(new Scalar(0.5)).exp();
    }
}
