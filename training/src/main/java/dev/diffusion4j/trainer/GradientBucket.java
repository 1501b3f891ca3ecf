// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Gradients that are summed over the processes in one piece: their numbers one after the other, and behind them for each how many
 * processes have it, since a parameter without a gradient is one that an update passes over.
 */
final class GradientBucket implements AutoCloseable {
    private final List<Tensor> parameters;
    private final Tensor numbers;
    private ProcessGroup.@Nullable Pending sum;

    /** @param parameters {@code float32}; borrowed */
    GradientBucket(List<Tensor> parameters) {
        this.parameters = List.copyOf(parameters);
        long total = parameters.stream().mapToLong(Tensor::numel).sum() + parameters.size();
        this.numbers =
                TensorScope.ownResult(() -> torch.zeros(new long[] {total}, new TensorOptions(ScalarType.Float)));
    }

    /** Whether the sum is on its way or there. */
    boolean isBegun() {
        return sum != null;
    }

    /** Begins the sum of the parameters' gradients, and of what earlier batches of the update gave. */
    void begin(ProcessGroup group, GradientSum earlier) {
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                numbers.zero_();
                long start = 0;
                long flag = numbers.numel() - parameters.size();
                for (Tensor parameter : parameters) {
                    Tensor place = place(start, parameter);
                    if (put(place, parameter.grad(), earlier.of(parameter))) {
                        numbers.narrow(0, flag, 1).fill_(new Scalar(1.0));
                    }
                    flag++;
                    start += parameter.numel();
                }
            }
        });
        sum = group.beginSum(numbers);
    }

    /** Copied rather than added to 0, which would make 0 of −0. */
    private static boolean put(Tensor place, Tensor gradient, @Nullable Tensor before) {
        if (before != null) {
            place.copy_(beside(place, before));
        }
        if (gradient.defined() && before != null) {
            place.add_(beside(place, gradient));
        } else if (gradient.defined()) {
            place.copy_(beside(place, gradient));
        }
        return before != null || gradient.defined();
    }

    /** The processes sum on the CPU. */
    private static Tensor beside(Tensor place, Tensor gradient) {
        return gradient.to(place.device(), ScalarType.Float);
    }

    private Tensor place(long start, Tensor parameter) {
        return numbers.narrow(0, start, parameter.numel()).view(Tensors.shape(parameter));
    }

    /** Waits for the sum. */
    void await() {
        if (sum != null) {
            sum.await();
        }
    }

    /** Puts the sums where the gradients were; what no process has stays without. */
    void give() {
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                float[] flags =
                        Tensors.floats(numbers.narrow(0, numbers.numel() - parameters.size(), parameters.size()));
                long start = 0;
                for (int i = 0; i < flags.length; i++) {
                    Tensor parameter = parameters.get(i);
                    if (flags[i] > 0) {
                        give(parameter, place(start, parameter));
                    }
                    start += parameter.numel();
                }
            }
        });
        sum = null;
    }

    /** In the layout of the parameter, as the optimiser takes it. */
    private static void give(Tensor parameter, Tensor values) {
        Tensor gradient = parameter.grad();
        if (!gradient.defined()) {
            gradient = torch.zeros_like(parameter);
            parameter.mutable_grad().put(gradient);
        }
        gradient.copy_(beside(gradient, values));
    }

    @Override
    public void close() {
        numbers.close();
    }
}
