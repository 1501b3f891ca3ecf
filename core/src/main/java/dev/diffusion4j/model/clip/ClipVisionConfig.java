// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.base.Check;

/**
 * The picture tower's part of {@code config.json}; the defaults are transformers' (ViT-B/32).
 *
 * @param hiddenSize numbers of a patch
 * @param intermediateSize width between the two linear layers
 * @param numHiddenLayers blocks
 * @param numAttentionHeads heads of a block
 * @param numChannels of a picture
 * @param imageSize height and width of a picture
 * @param patchSize height and width of a patch
 * @param hiddenAct between the linear layers
 * @param layerNormEps of the norms
 * @param initializerRange spread of fresh patches and places
 * @param initializerFactor what the spread of all fresh weights is multiplied by
 */
public record ClipVisionConfig(
        int hiddenSize,
        int intermediateSize,
        int numHiddenLayers,
        int numAttentionHeads,
        int numChannels,
        int imageSize,
        int patchSize,
        ClipActivation hiddenAct,
        double layerNormEps,
        double initializerRange,
        double initializerFactor) {
    public static final ClipVisionConfig DEFAULT =
            new ClipVisionConfig(768, 3072, 12, 12, 3, 224, 32, ClipActivation.QUICK_GELU, 1e-5, 0.02, 1);

    public ClipVisionConfig {
        Check.inRange(hiddenSize, 1, 1 << 16, "hidden_size");
        Check.inRange(intermediateSize, 1, 1 << 18, "intermediate_size");
        Check.inRange(numHiddenLayers, 1, 1024, "num_hidden_layers");
        Check.that(
                numAttentionHeads > 0 && hiddenSize % numAttentionHeads == 0,
                "hidden_size (" + hiddenSize + ") must be a multiple of num_attention_heads (" + numAttentionHeads
                        + ")");
        Check.inRange(numChannels, 1, 4096, "num_channels");
        Check.inRange(patchSize, 1, 1 << 14, "patch_size");
        Check.inRange(imageSize, patchSize, 1 << 16, "image_size");
    }

    /** Patches of a picture, and one more that stands for all of it. */
    int positions() {
        int side = imageSize / patchSize;
        return side * side + 1;
    }

    /** The same with another function between the linear layers. */
    ClipVisionConfig withActivation(ClipActivation value) {
        return new ClipVisionConfig(
                hiddenSize,
                intermediateSize,
                numHiddenLayers,
                numAttentionHeads,
                numChannels,
                imageSize,
                patchSize,
                value,
                layerNormEps,
                initializerRange,
                initializerFactor);
    }
}
