// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.bytedeco.pytorch.global.torch.stack;

import dev.diffusion4j.tensor.TensorScope;
import java.util.Collection;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** The norm of all gradients together, and by what they must be divided so that it does not pass a limit. */
final class GradientClipping {
    private static final double EPSILON = 1e-6;

    private GradientClipping() {}

    /** √Σg² over all parameters that have a gradient. */
    static double norm(Collection<Tensor> parameters) {
        return TensorScope.compute(() -> {
            TensorVector norms = new TensorVector();
            for (Tensor parameter : parameters) {
                Tensor gradient = parameter.grad();
                if (gradient.defined()) {
                    norms.push_back(gradient.norm());
                }
            }
            return norms.empty() ? 0.0 : (double) stack(norms).norm().item_float();
        });
    }

    /** 1 where the norm is within the limit, else more; PyTorch's {@code clip_grad_norm_}. */
    static double divisor(double norm, double limit) {
        return Math.max(1, (norm + EPSILON) / limit);
    }
}
