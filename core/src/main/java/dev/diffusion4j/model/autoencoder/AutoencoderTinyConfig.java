// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.autoencoder;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.layer.Activation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The config of an {@link AutoencoderTiny}: diffusers' keys and defaults.
 *
 * @param encoderBlockOutChannels a width for each level of the encoder, all alike
 * @param decoderBlockOutChannels a width for each level of the decoder, all alike
 * @param actFn within the blocks
 * @param upsampleFn {@code nearest}
 * @param upsamplingScalingFactor 2
 * @param numEncoderBlocks of each level
 * @param numDecoderBlocks of each level
 * @param latentMagnitude kept for diffusers, which stores latents as bytes by it
 * @param latentShift kept for diffusers, which stores latents as bytes by it
 * @param scalingFactor what a denoiser's latents are multiplied by
 * @param shiftFactor what is taken from latents before
 * @param blockOutChannels {@code decoderBlockOutChannels} again, as diffusers writes it
 */
public record AutoencoderTinyConfig(
        int inChannels,
        int outChannels,
        List<Integer> encoderBlockOutChannels,
        List<Integer> decoderBlockOutChannels,
        Activation actFn,
        String upsampleFn,
        int latentChannels,
        int upsamplingScalingFactor,
        List<Integer> numEncoderBlocks,
        List<Integer> numDecoderBlocks,
        double latentMagnitude,
        double latentShift,
        boolean forceUpcast,
        double scalingFactor,
        double shiftFactor,
        @Nullable List<Integer> blockOutChannels) {

    /** diffusers' defaults; the only place where they are written down. */
    public static final AutoencoderTinyConfig DEFAULT = new AutoencoderTinyConfig(
            3,
            3,
            List.of(64, 64, 64, 64),
            List.of(64, 64, 64, 64),
            Activation.RELU,
            "nearest",
            4,
            2,
            List.of(1, 3, 3, 3),
            List.of(3, 3, 3, 1),
            3,
            0.5,
            false,
            1,
            0,
            null);

    private static final int MAX_WIDTH = 1 << 16;

    public AutoencoderTinyConfig {
        encoderBlockOutChannels = List.copyOf(encoderBlockOutChannels);
        decoderBlockOutChannels = List.copyOf(decoderBlockOutChannels);
        numEncoderBlocks = List.copyOf(numEncoderBlocks);
        numDecoderBlocks = List.copyOf(numDecoderBlocks);
        Check.inRange(inChannels, 1, MAX_WIDTH, "in_channels");
        Check.inRange(outChannels, 1, MAX_WIDTH, "out_channels");
        Check.inRange(latentChannels, 1, MAX_WIDTH, "latent_channels");
        Check.positive(scalingFactor, "scaling_factor");
        Check.that(upsampleFn.equals("nearest"), "upsample_fn must be nearest, but was '" + upsampleFn + "'");
        Check.that(
                upsamplingScalingFactor == 2,
                "upsampling_scaling_factor must be 2, but was " + upsamplingScalingFactor);
        checkLevels(encoderBlockOutChannels, numEncoderBlocks, "encoder");
        checkLevels(decoderBlockOutChannels, numDecoderBlocks, "decoder");
        Check.that(
                numEncoderBlocks.size() == numDecoderBlocks.size(),
                "num_encoder_blocks (" + numEncoderBlocks.size() + ") and num_decoder_blocks ("
                        + numDecoderBlocks.size() + ") must have the same length");
    }

    private static void checkLevels(List<Integer> widths, List<Integer> blocks, String half) {
        String name = half + "_block_out_channels";
        Check.that(!widths.isEmpty() && widths.size() <= 16, name + " must have 1 to 16 widths");
        widths.forEach(width -> Check.inRange(width, 1, MAX_WIDTH, name));
        Check.that(
                widths.stream().distinct().count() == 1,
                name + " must be equal widths, since nothing maps from one to the next, but are " + widths);
        Check.that(
                widths.size() == blocks.size(),
                name + " (" + widths.size() + ") and num_" + half + "_blocks (" + blocks.size()
                        + ") must have the same length");
        blocks.forEach(count -> Check.inRange(count, 0, 1000, "num_" + half + "_blocks"));
    }

    /** A picture is this many times as high and as wide as its latent. */
    public int scaleFactor() {
        return 1 << (numDecoderBlocks.size() - 1);
    }
}
