// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

/**
 * What the parts of a {@link MultiHeadAttention} are called in a checkpoint.
 *
 * @param out not read by attention without a map after it
 * @param queryPlace where among keys and values the questions' map is made, 0 to 2, which decides what a seed's start values are
 */
public record AttentionNames(
        String query, String key, String value, String out, String queryNorm, String keyNorm, int queryPlace) {
    /** diffusers' {@code Attention}. */
    public static final AttentionNames DIFFUSERS =
            new AttentionNames("to_q", "to_k", "to_v", "to_out.0", "norm_q", "norm_k", 0);

    /** transformers' attention, as in CLIP. */
    public static final AttentionNames TRANSFORMERS =
            new AttentionNames("q_proj", "k_proj", "v_proj", "out_proj", "q_norm", "k_norm", 2);
}
