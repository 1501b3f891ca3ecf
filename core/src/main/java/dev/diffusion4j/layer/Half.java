// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** Tells whether an operation is computed in bf16 on the CPU, where some convolutions have quicker ways than LibTorch's. */
final class Half {
    private static final ScalarType TYPE = ScalarType.BFloat16;

    private Half() {}

    /**
     * Whether an operation is computed in bf16 on the CPU: because autocast says so, or because all its inputs are.
     *
     * @param bias {@code null} for none
     */
    static boolean onCpu(Tensor sample, Tensor weight, @Nullable Tensor bias) {
        return weight.device().is_cpu()
                && (Placement.Autocast.current().reaches(weight)
                        || is(sample) && is(weight) && (bias == null || is(bias)));
    }

    private static boolean is(Tensor tensor) {
        return Tensors.type(tensor) == TYPE;
    }

    /** In bf16, on the graph; the tensor itself where it is. */
    static Tensor of(Tensor tensor) {
        return tensor.to(TYPE);
    }
}
