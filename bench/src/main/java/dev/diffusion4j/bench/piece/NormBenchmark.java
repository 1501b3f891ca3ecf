// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.piece;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.GroupNorm;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/** Group norm and SiLU, forward and backward, by the JVM's vector kernel and by LibTorch: batch 8, 128 channels, 32×32, channels last. */
public class NormBenchmark extends PieceBenchmark {
    @Param({"f32", "bf16"})
    public String dtype = "f32";

    private final GroupNorm layer = new GroupNorm(32, 128, 1e-5);
    private Tensor sample = new Tensor();

    @Setup
    public void prepare() {
        try (RandomStream random = new RandomStream(0)) {
            layer.initialize(random);
        }
        layer.requiresGrad(true);
        sample = ones(type(dtype), true, 8, 128, 32, 32);
        sample.set_requires_grad(true);
    }

    @Benchmark
    public void kernel() {
        try (BackwardTape tape = BackwardTape.open()) {
            TensorScope.run(() -> tape.withSides(forward().sum()).backward());
        }
        clear();
    }

    /** Without a tape the layer is LibTorch's own. */
    @Benchmark
    public void libtorch() {
        TensorScope.run(() -> forward().sum().backward());
        clear();
    }

    private Tensor forward() {
        return layer.forward(sample, null, Activation.SILU);
    }

    private void clear() {
        TensorScope.run(() -> {
            sample.mutable_grad().reset();
            layer.namedParameters().values().forEach(tensor -> tensor.mutable_grad()
                    .reset());
        });
    }

    @TearDown
    public void free() {
        sample.close();
        layer.close();
    }
}
