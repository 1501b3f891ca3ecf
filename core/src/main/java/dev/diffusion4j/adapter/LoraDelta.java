// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.layer.WeightTerm;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * rows · scale·ΔW · columns, put together from its factors whenever it is needed, so that only they are kept.
 *
 * @param factors f32, on the weight's device
 * @param rows {@code float32 (out)}, or {@code null} for 1
 * @param columns {@code float32 (in)}, or {@code null} for 1
 */
record LoraDelta(
        LoraForm form, Map<LoraPart, Tensor> factors, double scale, @Nullable Tensor rows, @Nullable Tensor columns)
        implements WeightTerm {

    @Override
    public Tensor product(Tensor like) {
        return TensorScope.keepResult(() -> {
            Tensor delta = form.delta(factors).mul(new Scalar(scale));
            delta = rows == null ? delta : delta.mul(rows.unsqueeze(1));
            Tensor shaped = delta.view(Tensors.shape(like));
            return columns == null ? shaped : shaped.mul(along(columns, shaped));
        });
    }

    /** Values for the second dimension, in a shape that meets {@code like}. */
    static Tensor along(Tensor columns, Tensor like) {
        return like.dim() == 2 ? columns : columns.view(1, columns.size(0), 1, 1);
    }
}
