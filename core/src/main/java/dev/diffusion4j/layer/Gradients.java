// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Adds to the gradients that parameters hold, as LibTorch's own backward pass does. */
final class Gradients {
    private Gradients() {}

    /** Thread-safe for one parameter: two shards of a batch may add at once. */
    static void add(Tensor parameter, double[] gradient) {
        if (!parameter.requires_grad()) {
            return;
        }
        synchronized (Gradients.class) {
            TensorScope.run(() -> {
                try (NoGradGuard guard = new NoGradGuard()) {
                    Tensor own = Tensors.ofDoubles(gradient).to(parameter.device(), ScalarType.Float);
                    Tensor present = parameter.grad();
                    if (present.defined()) {
                        present.add_(own);
                    } else {
                        parameter.mutable_grad().put(own);
                    }
                }
            });
        }
    }
}
