// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a call sees in place of a layer's weight W: rows · W · columns + the terms. The tensors belong to whoever made it.
 *
 * @param rows what each output is multiplied by, {@code (out)} of the dtype that the layer computes in; {@code null} for 1
 * @param columns what each input is multiplied by, {@code (in)}; {@code null} for 1
 * @param terms what is added
 */
public record WeightChange(@Nullable Tensor rows, @Nullable Tensor columns, List<? extends WeightTerm> terms) {
    public WeightChange {
        terms = List.copyOf(terms);
    }

    /** A sum alone. */
    public static WeightChange of(WeightTerm... terms) {
        return new WeightChange(null, null, List.of(terms));
    }

    /** The input as the layer's own weight is to see it. */
    Tensor seen(Tensor input, int weightDims) {
        return columns == null ? input : input.mul(along(columns, weightDims));
    }

    /** What stands in place of {@code output}, which the layer's own weight and {@code bias} made of {@link #seen}. */
    Tensor scaled(Tensor output, @Nullable Tensor bias, int weightDims) {
        if (rows == null) {
            return output;
        }
        Tensor factor = along(rows, weightDims);
        return bias == null
                ? output.mul(factor)
                : output.mul(factor)
                        .add(along(bias, weightDims).mul(factor.neg().add(new Scalar(1))));
    }

    /**
     * The weight that the call sees.
     *
     * @param weight {@code (out, in)} or {@code (out, in, k, k)}, in plain order
     * @return in the same shape, on the graph where there is one: a new tensor, or {@code weight} itself
     */
    public Tensor folded(Tensor weight) {
        int dims = (int) weight.dim();
        Tensor folded = columns == null ? weight : weight.mul(along(columns, dims));
        folded = rows == null ? folded : folded.mul(along(rows, dims).unsqueeze(1));
        for (WeightTerm term : terms) {
            folded = folded.add(term.product(weight));
        }
        return folded;
    }

    /** A value for each channel, in the shape in which it meets pictures or features. */
    private static Tensor along(Tensor values, int weightDims) {
        return weightDims == 2 ? values : values.view(Tensors.shape(values)[0], 1, 1);
    }
}
