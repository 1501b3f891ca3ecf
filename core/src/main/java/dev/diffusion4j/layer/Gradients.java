// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** Adds to the gradients that parameters hold, as LibTorch's own backward pass does. */
public final class Gradients {
    private static final ThreadLocal<@Nullable Consumer<Tensor>> LISTENER = new ThreadLocal<>();

    private Gradients() {}

    /**
     * Runs a backward pass on this thread.
     *
     * @param listener receives each parameter, which is borrowed, after something was added to its gradient that no hook of the
     *     parameter sees
     */
    public static <R> R watched(Consumer<Tensor> listener, Supplier<R> body) {
        LISTENER.set(listener);
        try {
            return body.get();
        } finally {
            LISTENER.remove();
        }
    }

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
        Consumer<Tensor> listener = LISTENER.get();
        if (listener != null) {
            listener.accept(parameter);
        }
    }
}
