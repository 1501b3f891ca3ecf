// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.pytorch.global.torch.scaled_dot_product_attention;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.diffusion4j.kernel.VectorSupport;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** Beside LibTorch's attention in f32 of the same numbers. */
class TrainedHalfAttentionTest {
    @Test
    void smallHeadsOfSeveralPictures() {
        differs(3, 64, 2, 16, 1, 4);
    }

    @Test
    void headsThatDoNotFillVectors() {
        differs(2, 96, 3, 10, 1, 4);
    }

    @Test
    void moreScoresThanAThreadTakesAtATime() {
        differs(1, 1024, 2, 40, 1, 4);
    }

    /** Of a deviation of 4: the largest, which decide, are 12 and more. */
    @Test
    void largeScores() {
        differs(2, 256, 2, 16, 2, 6);
    }

    /** A head of 4,096 tokens would take 64 MiB of each thread. */
    @Test
    void longSequencesAndOddOnesAreLeftToOthers() {
        TensorScope.run(() -> {
            for (long length : new long[] {4096, 100}) {
                assertThat(TrainedHalfAttention.fits(Tensors.empty(ScalarType.BFloat16, 1, length, 8)))
                        .isFalse();
            }
        });
    }

    private static void differs(long batch, long length, int heads, long size, double factor, double allowed) {
        assumeTrue(VectorSupport.isAvailable(), "the vector module is not there");
        try (RandomStream noise = NoiseSource.shared(0)) {
            TensorScope.run(() -> {
                Tensor qkv = noise.randn(batch, length, 3 * heads * size);
                qkv.narrow(2, 0, 2 * heads * size).mul_(new Scalar(factor));
                Tensor half = qkv.to(ScalarType.BFloat16);
                Tensor gradient = noise.randn(batch, length, heads * size)
                        .to(ScalarType.BFloat16)
                        .to(ScalarType.Float);
                Tensor wide = half.to(ScalarType.Float).requires_grad_(true);
                Tensor exact = exact(wide, heads, size);
                exact.mul(gradient).sum().backward();
                Tensor learnt = half.clone().requires_grad_(true);
                try (BackwardTape tape = BackwardTape.open()) {
                    Tensor found = TrainedHalfAttention.forward(tape, learnt, heads);
                    near("values", found, exact, allowed);
                    tape.backward(tape.withSides(
                            found.to(ScalarType.Float).mul(gradient).sum()));
                }
                String[] names = {"q", "k", "v"};
                for (int i = 0; i < 3; i++) {
                    near(names[i], part(learnt.grad(), i, heads * size), part(wide.grad(), i, heads * size), allowed);
                }
            });
        }
    }

    private static Tensor part(Tensor qkv, int which, long features) {
        return qkv.narrow(2, which * features, features);
    }

    private static Tensor exact(Tensor qkv, int heads, long size) {
        Tensor parts = qkv.view(qkv.size(0), qkv.size(1), 3, heads, size).permute(2, 0, 3, 1, 4);
        return scaled_dot_product_attention(parts.select(0, 0), parts.select(0, 1), parts.select(0, 2))
                .transpose(1, 2)
                .flatten(2, 3);
    }

    /** @param allowed error, beside what it costs to round the result alone */
    private static void near(String name, Tensor found, Tensor exact, double allowed) {
        try (NoGradGuard guard = new NoGradGuard()) {
            Tensor wide = exact.to(ScalarType.Float);
            double rounding = distance(wide.to(ScalarType.BFloat16).to(ScalarType.Float), wide);
            assertThat(distance(found.to(ScalarType.Float), wide)).as(name).isLessThan(allowed * rounding);
        }
    }

    private static double distance(Tensor a, Tensor b) {
        return a.sub(b).norm().item_double() / b.norm().item_double();
    }
}
