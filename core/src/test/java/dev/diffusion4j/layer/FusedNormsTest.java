// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What training does in one pass, beside LibTorch's own passes over the same numbers. */
final class FusedNormsTest {
    private static final int CHANNELS = 32;

    @ParameterizedTest(name = "{0} in {1}")
    @CsvSource({
        "batch, Float",
        "batch, BFloat16",
        "batch and added, Float",
        "batch and added, BFloat16",
        "frozen and added, BFloat16",
        "frozen, Float",
        "frozen, BFloat16",
        "bare, Float",
        "group, Float",
        "group, BFloat16"
    })
    void equals_libtorch_with_every_activation(String norm, ScalarType type) {
        double tolerance =
                type == ScalarType.Float ? 2e-5 : 0.04; // bf16 has 8 bits, and LibTorch rounds once more between
        for (@Nullable
        Activation activation : new @Nullable Activation[] {null, Activation.SILU, Activation.GELU, Activation.RELU}) {
            TensorScope.run(() -> {
                List<float[]> own = numbers(norm, activation, type, true);
                List<float[]> theirs = numbers(norm, activation, type, false);
                assertThat(own).hasSameSizeAs(theirs);
                for (int i = 0; i < own.size(); i++) {
                    assertThat(distance(own.get(i), theirs.get(i)))
                            .as("%s, result %d", activation, i)
                            .isLessThan(tolerance);
                }
            });
        }
    }

    /** Of the largest number. */
    private static double distance(float[] one, float[] other) {
        double distance = 0;
        double size = 0;
        for (int i = 0; i < one.length; i++) {
            distance = Math.max(distance, Math.abs(one[i] - other[i]));
            size = Math.max(size, Math.abs(other[i]));
        }
        return distance == 0 ? 0 : distance / size;
    }

    /** The value, the input's gradient, the parameters' gradients, and the running statistics after it. */
    private static List<float[]> numbers(String norm, @Nullable Activation activation, ScalarType type, boolean fused) {
        try (RandomStream random = NoiseSource.shared(3);
                Layer layer = norm.equals("group") ? new GroupNorm(8, CHANNELS, 1e-5) : batchNorm(norm)) {
            layer.initialize(random);
            for (Tensor parameter : layer.namedParameters().values()) {
                parameter.add_(random.randn(CHANNELS).mul(new Scalar(0.3)));
            }
            layer.requiresGrad(true);
            boolean adds = norm.endsWith("added");
            long[] shape =
                    adds ? new long[] {3, CHANNELS, 40, 41} : new long[] {3, CHANNELS, 5, 7}; // two chunks a picture
            Tensor drawn = random.randn(shape).mul(new Scalar(2.0)).add(new Scalar(5.0));
            Tensor sample = drawn.to(type).contiguous(fused ? MemoryFormat.ChannelsLast : MemoryFormat.Contiguous);
            sample.requires_grad_(true);
            Tensor direction = random.randn(shape);
            Tensor added = adds ? random.randn(3, CHANNELS).to(type).requires_grad_(true) : null;
            BiFunction<Tensor, @Nullable Activation, Tensor> forward = layer instanceof BatchNorm2d batch
                    ? (x, a) -> batch.forward(x, a, added)
                    : (x, a) -> ((GroupNorm) layer).forward(x, null, a);
            List<float[]> results = new ArrayList<>();
            if (fused) {
                try (BackwardTape tape = BackwardTape.open()) {
                    Tensor value = TrainingMode.run(random, () -> forward.apply(sample, activation));
                    tape.backward(tape.withSides(
                            value.to(ScalarType.Float).mul(direction).sum()));
                    results.add(Tensors.floats(value));
                }
            } else {
                Tensor value = TrainingMode.run(random, () -> forward.apply(sample, activation));
                value.to(ScalarType.Float).mul(direction).sum().backward();
                results.add(Tensors.floats(value));
            }
            results.add(Tensors.floats(sample.grad()));
            if (added != null) {
                results.add(Tensors.floats(added.grad()));
            }
            layer.namedParameters().values().forEach(parameter -> results.add(Tensors.floats(parameter.grad())));
            layer.stateDict().values().forEach(tensor -> results.add(Tensors.floats(tensor)));
            return results;
        }
    }

    private static BatchNorm2d batchNorm(String norm) {
        BatchNorm2d made = new BatchNorm2d(CHANNELS, 1e-5, 0.1, !norm.equals("bare"));
        if (norm.startsWith("frozen")) {
            made.freezeStatistics();
        }
        return made;
    }
}
