// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.autoencoder;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.model.SampleSize;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The config of an {@link AutoencoderKl}: diffusers' keys and defaults.
 *
 * @param blockOutChannels a width for each level of the encoder, from the top
 * @param layersPerBlock residual blocks of a level of the encoder; one more in the decoder
 * @param actFn of the residual blocks
 * @param latentChannels C of a latent
 * @param sampleSize of the pictures that it was trained on, and of a tile where it works in tiles
 * @param scalingFactor what a denoiser's latents are multiplied by, so that their variance is about 1
 * @param shiftFactor what is taken from latents before; {@code null} for nothing
 * @param latentsMean for each channel, in the place of {@code shiftFactor} where {@code latentsStd} is given too
 * @param latentsStd for each channel; latents are divided by it
 * @param forceUpcast whether it must compute in f32 even where the denoiser computes in f16
 * @param useQuantConv whether a 1×1 convolution follows the encoder
 * @param usePostQuantConv whether one comes before the decoder
 * @param midBlockAddAttention whether the lowest level's pixels ask each other
 */
public record AutoencoderKlConfig(
        int inChannels,
        int outChannels,
        List<EncoderBlockType> downBlockTypes,
        List<DecoderBlockType> upBlockTypes,
        List<Integer> blockOutChannels,
        int layersPerBlock,
        Activation actFn,
        int latentChannels,
        int normNumGroups,
        SampleSize sampleSize,
        double scalingFactor,
        @Nullable Double shiftFactor,
        @Nullable List<Double> latentsMean,
        @Nullable List<Double> latentsStd,
        boolean forceUpcast,
        boolean useQuantConv,
        boolean usePostQuantConv,
        boolean midBlockAddAttention) {

    /** diffusers' defaults; the only place where they are written down. */
    public static final AutoencoderKlConfig DEFAULT = new AutoencoderKlConfig(
            3,
            3,
            List.of(EncoderBlockType.PLAIN),
            List.of(DecoderBlockType.PLAIN),
            List.of(64),
            1,
            Activation.SILU,
            4,
            32,
            SampleSize.square(32),
            0.18215,
            null,
            null,
            null,
            true,
            true,
            true,
            true);

    private static final int MAX_WIDTH = 1 << 16;

    /** The keys are those of {@code down_block_types}. */
    public enum EncoderBlockType implements Keyed {
        PLAIN("DownEncoderBlock2D"),
        ATTENTION("AttnDownEncoderBlock2D");

        private final String key;

        EncoderBlockType(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /** The keys are those of {@code up_block_types}. */
    public enum DecoderBlockType implements Keyed {
        PLAIN("UpDecoderBlock2D"),
        ATTENTION("AttnUpDecoderBlock2D");

        private final String key;

        DecoderBlockType(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    public AutoencoderKlConfig {
        downBlockTypes = List.copyOf(downBlockTypes);
        upBlockTypes = List.copyOf(upBlockTypes);
        blockOutChannels = List.copyOf(blockOutChannels);
        latentsMean = latentsMean == null ? null : List.copyOf(latentsMean);
        latentsStd = latentsStd == null ? null : List.copyOf(latentsStd);
        Check.inRange(inChannels, 1, MAX_WIDTH, "in_channels");
        Check.inRange(outChannels, 1, MAX_WIDTH, "out_channels");
        Check.inRange(latentChannels, 1, MAX_WIDTH, "latent_channels");
        Check.inRange(layersPerBlock, 1, 1000, "layers_per_block");
        Check.positive(normNumGroups, "norm_num_groups");
        Check.positive(scalingFactor, "scaling_factor");
        Check.that(
                !blockOutChannels.isEmpty() && blockOutChannels.size() <= 16,
                "block_out_channels must have 1 to 16 widths");
        blockOutChannels.forEach(width -> Check.inRange(width, 1, MAX_WIDTH, "block_out_channels"));
        Check.that(
                downBlockTypes.size() == blockOutChannels.size() && upBlockTypes.size() == blockOutChannels.size(),
                "down_block_types (" + downBlockTypes.size() + "), up_block_types (" + upBlockTypes.size()
                        + ") and block_out_channels (" + blockOutChannels.size() + ") must have the same length");
        checkStatistics(latentsMean, latentChannels, "latents_mean");
        checkStatistics(latentsStd, latentChannels, "latents_std");
        if (latentsStd != null) {
            latentsStd.forEach(value -> Check.positive(value, "latents_std"));
        }
    }

    private static void checkStatistics(@Nullable List<Double> values, int channels, String name) {
        Check.that(
                values == null || values.size() == channels,
                name + " must have a number for each of the " + channels + " latent_channels");
    }

    /** A picture is this many times as high and as wide as its latent. */
    public int scaleFactor() {
        return 1 << (blockOutChannels.size() - 1);
    }
}
