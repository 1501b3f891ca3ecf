// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.base.Check;

/**
 * The text tower's part of {@code config.json}; the defaults are transformers' (ViT-B/32).
 *
 * @param vocabSize how many tokens there are
 * @param hiddenSize numbers of a token
 * @param intermediateSize width between the two linear layers
 * @param numHiddenLayers blocks
 * @param numAttentionHeads heads of a block
 * @param maxPositionEmbeddings longest text in tokens
 * @param hiddenAct between the linear layers
 * @param layerNormEps of the norms
 * @param eosTokenId of the token whose state stands for the text; 2 is an old mistake in published files and means the highest id
 * @param initializerFactor what the spread of fresh weights is multiplied by
 */
public record ClipTextConfig(
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        int numHiddenLayers,
        int numAttentionHeads,
        int maxPositionEmbeddings,
        ClipActivation hiddenAct,
        double layerNormEps,
        int eosTokenId,
        double initializerFactor) {
    public static final ClipTextConfig DEFAULT =
            new ClipTextConfig(49408, 512, 2048, 12, 8, 77, ClipActivation.QUICK_GELU, 1e-5, 49407, 1);

    public ClipTextConfig {
        Check.inRange(vocabSize, 1, 1 << 24, "vocab_size");
        Check.inRange(hiddenSize, 1, 1 << 16, "hidden_size");
        Check.inRange(intermediateSize, 1, 1 << 18, "intermediate_size");
        Check.inRange(numHiddenLayers, 1, 1024, "num_hidden_layers");
        Check.that(
                numAttentionHeads > 0 && hiddenSize % numAttentionHeads == 0,
                "hidden_size (" + hiddenSize + ") must be a multiple of num_attention_heads (" + numAttentionHeads
                        + ")");
        Check.inRange(maxPositionEmbeddings, 2, 1 << 16, "max_position_embeddings");
    }

    /** The same with another function between the linear layers. */
    ClipTextConfig withActivation(ClipActivation value) {
        return new ClipTextConfig(
                vocabSize,
                hiddenSize,
                intermediateSize,
                numHiddenLayers,
                numAttentionHeads,
                maxPositionEmbeddings,
                value,
                layerNormEps,
                eosTokenId,
                initializerFactor);
    }
}
