// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.base.Check;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link MultiHeadAttention} is made of.
 *
 * @param features of a token that asks, and of the result
 * @param contextFeatures of a token that answers
 * @param heads that ask
 * @param headSize features of a head's question and key
 * @param valueSize features of a head's answer
 * @param keyHeads heads that answer, a divisor of {@code heads}: Ainslie et al. (2023); each serves as many that ask
 * @param bias whether questions, keys and values have a bias
 * @param projected whether a linear map comes after the heads; without it the result has heads·valueSize features
 * @param outBias whether that map has a bias
 * @param causal whether a token sees only itself and those before it
 * @param headNormEps of layer norms over each head's questions and keys: Dehghani et al. (2023); {@code null} for no such norms
 */
public record AttentionSpec(
        int features,
        int contextFeatures,
        int heads,
        int headSize,
        int valueSize,
        int keyHeads,
        boolean bias,
        boolean projected,
        boolean outBias,
        boolean causal,
        @Nullable Double headNormEps) {

    public AttentionSpec {
        Check.positive(features, "features");
        Check.positive(contextFeatures, "contextFeatures");
        Check.positive(heads, "heads");
        Check.positive(headSize, "headSize");
        Check.positive(valueSize, "valueSize");
        Check.positive(keyHeads, "keyHeads");
        Check.that(heads % keyHeads == 0, keyHeads + " heads of keys cannot serve " + heads + " heads alike");
    }

    /** Tokens that ask each other, with as many features in all heads as a token has: every default is written here. */
    public static AttentionSpec self(int features, int heads) {
        Check.positive(heads, "heads");
        int size = features / heads;
        return new AttentionSpec(features, features, heads, size, size, heads, true, true, true, false, null);
    }

    /** An edited copy, checked anew: {@code spec.with(s -> s.causal = true)}. */
    public AttentionSpec with(Consumer<Draft> edit) {
        Draft draft = new Draft(this);
        edit.accept(draft);
        return draft.toSpec();
    }

    /** The fields of an {@link AttentionSpec}, to be changed. */
    public static final class Draft {
        public int features;
        public int contextFeatures;
        public int heads;
        public int headSize;
        public int valueSize;
        public int keyHeads;
        public boolean bias;
        public boolean projected;
        public boolean outBias;
        public boolean causal;
        public @Nullable Double headNormEps;

        private Draft(AttentionSpec from) {
            features = from.features;
            contextFeatures = from.contextFeatures;
            heads = from.heads;
            headSize = from.headSize;
            valueSize = from.valueSize;
            keyHeads = from.keyHeads;
            bias = from.bias;
            projected = from.projected;
            outBias = from.outBias;
            causal = from.causal;
            headNormEps = from.headNormEps;
        }

        private AttentionSpec toSpec() {
            return new AttentionSpec(
                    features,
                    contextFeatures,
                    heads,
                    headSize,
                    valueSize,
                    keyHeads,
                    bias,
                    projected,
                    outBias,
                    causal,
                    headNormEps);
        }
    }
}
