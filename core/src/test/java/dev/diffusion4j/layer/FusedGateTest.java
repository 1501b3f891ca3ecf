// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.pytorch.global.torch.gelu;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.diffusion4j.kernel.VectorSupport;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** Beside LibTorch's GELU in f32 of the same numbers. */
class FusedGateTest {
    /** So many rows that the last chunk is not full; gates from −12 to 12, and the ends of what the loops know. */
    @Test
    void valuesAndGradients() {
        assumeTrue(VectorSupport.isAvailable(), "the vector module is not there");
        try (RandomStream noise = NoiseSource.shared(0)) {
            TensorScope.run(() -> {
                Tensor half = noise.randn(3, 77, 2 * 96).mul(new Scalar(3.0)).to(ScalarType.BFloat16);
                half.select(0, 0).select(0, 0).narrow(0, 96, 4).copy_(Tensors.ofDoubles(0, -40, 40, -1e-3));
                Tensor gradient = noise.randn(3, 77, 96).to(ScalarType.BFloat16).to(ScalarType.Float);
                Tensor wide = half.to(ScalarType.Float).requires_grad_(true);
                Tensor exact = wide.narrow(2, 0, 96).mul(gelu(wide.narrow(2, 96, 96)));
                exact.mul(gradient).sum().backward();
                Tensor learnt = half.clone().requires_grad_(true);
                try (BackwardTape tape = BackwardTape.open()) {
                    Tensor found = FusedGate.forward(learnt).orElseThrow();
                    near(found, exact);
                    tape.backward(tape.withSides(
                            found.to(ScalarType.Float).mul(gradient).sum()));
                }
                near(learnt.grad(), wide.grad());
            });
        }
    }

    /** Each number to bf16's half digit, 1/256, and the density's 8e-5 beside it. */
    private static void near(Tensor found, Tensor exact) {
        float[] expected = Tensors.floats(exact.detach().contiguous());
        float[] numbers = Tensors.floats(found.detach().to(ScalarType.Float).contiguous());
        for (int i = 0; i < numbers.length; i++) {
            assertThat(numbers[i]).isCloseTo(expected[i], within(Math.abs(expected[i]) / 200 + 1e-4));
        }
    }

    private static org.assertj.core.data.Offset<Float> within(double size) {
        return org.assertj.core.api.Assertions.within((float) size);
    }

    @Test
    void whatTheLoopsDoNotKnowIsLeftToOthers() {
        try (RandomStream noise = NoiseSource.shared(0)) {
            TensorScope.run(() -> {
                Tensor half = noise.randn(2, 64).to(ScalarType.BFloat16);
                assertThat(FusedGate.forward(half.requires_grad_(true)))
                        .as("without a tape")
                        .isEmpty();
                try (BackwardTape tape = BackwardTape.open()) {
                    assertThat(FusedGate.forward(noise.randn(2, 64).requires_grad_(true)))
                            .as("in f32")
                            .isEmpty();
                    assertThat(FusedGate.forward(
                                    noise.randn(2, 20).to(ScalarType.BFloat16).requires_grad_(true)))
                            .as("rows that do not fill vectors")
                            .isEmpty();
                }
            });
        }
    }
}
