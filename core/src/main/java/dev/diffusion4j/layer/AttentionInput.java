// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a call of attention is given beside the tokens that ask. The tensors are borrowed.
 *
 * @param context the tokens that answer, (B, L', D'); {@code null} for those that ask
 * @param mask which of them may be seen, {@code bool (B, L')}; {@code null} for all
 * @param places puts each token's place into questions and keys, (B, heads, L, D) to the same shape, as rotary embeddings do: Su et al.
 *     (2021); {@code null} for none
 */
public record AttentionInput(@Nullable Tensor context, @Nullable Tensor mask, @Nullable UnaryOperator<Tensor> places) {
    /** All tokens ask each other. */
    public static final AttentionInput SELF = new AttentionInput(null, null, null);

    /** The tokens ask {@code context}. */
    public static AttentionInput of(Tensor context) {
        return new AttentionInput(context, null, null);
    }

    /** The same with a mask. */
    public AttentionInput withMask(@Nullable Tensor other) {
        return new AttentionInput(context, other, places);
    }

    /** The same with places. */
    public AttentionInput withPlaces(@Nullable UnaryOperator<Tensor> other) {
        return new AttentionInput(context, mask, other);
    }
}
