// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.codec;

import dev.diffusion4j.model.autoencoder.AutoencoderKlConfig;
import dev.diffusion4j.model.autoencoder.AutoencoderTinyConfig;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Between an autoencoder's latents and a denoiser's samples, whose variance is about 1: (latent − mean)·factor/std. The order of the
 * operations is diffusers'.
 *
 * @param factor scaling_factor
 * @param shift the mean of all channels, where there is no statistic for each
 * @param mean of each channel; {@code null} where there is no statistic
 * @param std of each channel; {@code null} where there is no statistic
 */
record LatentScale(double factor, double shift, @Nullable List<Double> mean, @Nullable List<Double> std) {
    static LatentScale of(AutoencoderKlConfig config) {
        List<Double> mean = config.latentsMean();
        List<Double> std = config.latentsStd();
        Double shift = config.shiftFactor();
        boolean each = mean != null && std != null; // diffusers reads them together only
        return new LatentScale(
                config.scalingFactor(), shift == null ? 0 : shift, each ? mean : null, each ? std : null);
    }

    static LatentScale of(AutoencoderTinyConfig config) {
        return new LatentScale(config.scalingFactor(), config.shiftFactor(), null, null);
    }

    /** Latents, {@code float32 (B, C, H, W)}, as samples; a new tensor of the current scope's. */
    Tensor toSamples(Tensor latents) {
        return spread(centred(latents));
    }

    private Tensor centred(Tensor latents) {
        if (mean != null) {
            return latents.sub(channels(mean, latents));
        }
        return shift == 0 ? latents : latents.sub(new Scalar(shift));
    }

    /** Differences of latents as differences of samples. */
    Tensor spread(Tensor latents) {
        Tensor scaled = latents.mul(new Scalar(factor));
        return std == null ? scaled : scaled.div(channels(std, latents));
    }

    /** Samples, {@code float32 (B, C, H, W)}, as latents; a new tensor of the current scope's. */
    Tensor toLatents(Tensor samples) {
        if (mean != null && std != null) {
            return samples.mul(channels(std, samples)).div(new Scalar(factor)).add(channels(mean, samples));
        }
        Tensor scaled = samples.div(new Scalar(factor));
        return shift == 0 ? scaled : scaled.add(new Scalar(shift));
    }

    private static Tensor channels(List<Double> values, Tensor like) {
        double[] numbers = values.stream().mapToDouble(Double::doubleValue).toArray();
        return Tensors.ofDoubles(numbers).to(like.device(), ScalarType.Float).view(1, -1, 1, 1);
    }
}
