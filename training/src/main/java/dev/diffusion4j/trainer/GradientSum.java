// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.tensor.TensorScope;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Adds up the gradients of several batches in their order. Left in the parameters' own places, the shards of a later batch would
 * be added in whichever order they finish, and a sum of three depends on it.
 */
final class GradientSum implements AutoCloseable {
    private final Collection<Tensor> parameters;
    private final Map<Tensor, Tensor> sums = new LinkedHashMap<>();

    /** @param parameters borrowed */
    GradientSum(Collection<Tensor> parameters) {
        this.parameters = parameters;
    }

    /** Takes the gradients that the parameters hold, and leaves none. */
    void take() {
        try (NoGradGuard guard = new NoGradGuard()) {
            for (Tensor parameter : parameters) {
                TensorScope.run(() -> {
                    Tensor gradient = parameter.grad();
                    if (!gradient.defined()) {
                        return;
                    }
                    Tensor sum = sums.get(parameter);
                    if (sum == null) {
                        sums.put(parameter, TensorScope.ownResult(() -> new Tensor(gradient)));
                    } else {
                        sum.add_(gradient);
                    }
                    parameter.mutable_grad().reset();
                });
            }
        }
    }

    /** What a parameter has so far, borrowed; {@code null} for nothing. */
    @Nullable
    Tensor of(Tensor parameter) {
        return sums.get(parameter);
    }

    /** Puts the sums where the gradients were. */
    void give() {
        sums.forEach((parameter, sum) -> {
            TensorScope.run(() -> parameter.mutable_grad().put(sum));
            sum.close();
        });
        sums.clear();
    }

    /** Lets go of the sums, for the next update. */
    void discard() {
        sums.values().forEach(Tensor::close);
        sums.clear();
    }

    @Override
    public void close() {
        discard();
    }
}
