// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

/**
 * What the parts of a {@link MultiHeadAttention} are called in a checkpoint.
 *
 * @param keysFirst whether keys and values are made before questions, which decides what a seed's start values are
 */
public record AttentionNames(
        String query, String key, String value, String out, String queryNorm, String keyNorm, boolean keysFirst) {
    /** diffusers' {@code Attention}. */
    public static final AttentionNames DIFFUSERS =
            new AttentionNames("to_q", "to_k", "to_v", "to_out.0", "norm_q", "norm_k", false);

    /** transformers' attention, as in CLIP. */
    public static final AttentionNames TRANSFORMERS =
            new AttentionNames("q_proj", "k_proj", "v_proj", "out_proj", "q_norm", "k_norm", true);
}
