// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.piece;

import static org.bytedeco.pytorch.global.torch.scaled_dot_product_attention;

import dev.diffusion4j.layer.PixelAttention;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Attention with heads of 8, as small U-Nets have it, batch 32, 64 channels. {@code layer…} is the whole layer, forward and
 * backward, by the JVM's kernel and by LibTorch; the others are the bare product, forward.
 */
public class AttentionBenchmark extends PieceBenchmark {
    private static final int HEADS = 8;

    @Param({"7", "14"})
    public int side = 7;

    private final PixelAttention layer = new PixelAttention(8 * HEADS, 8, 32, 1e-5, 1);
    private Tensor sample = new Tensor();
    private Tensor query = new Tensor();

    @Setup
    public void prepare() {
        try (RandomStream random = new RandomStream(0)) {
            layer.initialize(random);
        }
        layer.requiresGrad(true);
        sample = ones(ScalarType.Float, true, 32, 8 * HEADS, side, side);
        sample.set_requires_grad(true);
        query = ones(ScalarType.Float, false, 32, HEADS, (long) side * side, 8);
    }

    @Benchmark
    public void layerKernel() {
        try (BackwardTape tape = BackwardTape.open()) {
            TensorScope.run(() -> tape.withSides(layer.forward(sample).sum()).backward());
        }
        clear();
    }

    @Benchmark
    public void layerLibtorch() {
        TensorScope.run(() -> layer.forward(sample).sum().backward());
        clear();
    }

    @Benchmark
    public void productFused() {
        discard(() -> scaled_dot_product_attention(query, query, query));
    }

    @Benchmark
    public void productPlain() {
        discard(() -> query.matmul(query.transpose(-2, -1))
                .mul(new Scalar(1 / Math.sqrt(8)))
                .softmax(-1)
                .matmul(query));
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
        query.close();
        layer.close();
    }
}
