// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Two linear maps with an activation between: raw time features to what the blocks are given. Names as in diffusers. */
public final class TimestepEmbedding extends Layer {
    private final Linear linear1;
    private final @Nullable Linear condition;
    private final Linear linear2;
    private final Activation activation;
    private final @Nullable Activation last;

    /** With SiLU between. */
    public TimestepEmbedding(long in, long out) {
        this(in, out, Activation.SILU, null, null);
    }

    /**
     * @param activation between the maps
     * @param last after both; {@code null} for none
     * @param conditionFeatures of a second input, which is added to the first, as in networks that were distilled with guidance: Meng et
     *     al. (2023); {@code null} for none
     */
    public TimestepEmbedding(
            long in, long out, Activation activation, @Nullable Activation last, @Nullable Integer conditionFeatures) {
        this.activation = activation;
        this.last = last;
        linear1 = child("linear_1", new Linear(in, out));
        condition = conditionFeatures == null ? null : child("cond_proj", new Linear(conditionFeatures, in, false));
        linear2 = child("linear_2", new Linear(out, out));
    }

    /**
     * @param features (B, in)
     * @return (B, out), a new tensor
     */
    public Tensor forward(Tensor features) {
        return forward(features, null);
    }

    /**
     * @param features (B or 1, in)
     * @param second (B, conditionFeatures); {@code null} for none
     * @return (B or 1, out), a new tensor
     * @throws IllegalArgumentException where there is a second input and the layer takes none
     */
    public Tensor forward(Tensor features, @Nullable Tensor second) {
        return TensorScope.keepResult(() -> {
            Tensor input = second == null
                    ? features
                    : features.add(conditionProjection().forward(second));
            Tensor embedded = linear2.forward(activation.applyToTemporary(linear1.forward(input)));
            return last == null ? embedded : last.applyToTemporary(embedded);
        });
    }

    private Linear conditionProjection() {
        return Check.given(condition, "the map of a condition beside the time (cond_proj)");
    }
}
