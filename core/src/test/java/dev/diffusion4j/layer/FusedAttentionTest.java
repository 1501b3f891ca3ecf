// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static dev.diffusion4j.testing.Golden.assertClose;

import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attention in heads of eight channels, by the vector loops and by LibTorch. */
class FusedAttentionTest {
    @ParameterizedTest(name = "with biases: {0}")
    @ValueSource(booleans = {true, false})
    void the_loops_give_libtorchs_values_and_gradients(boolean bias) {
        TensorScope.run(() -> {
            List<float[]> plain = numbers(bias, false);
            List<float[]> fused = numbers(bias, true);
            for (int i = 0; i < plain.size(); i++) {
                assertClose("number " + i, fused.get(i), plain.get(i), 1e-5);
            }
        });
    }

    @Test
    void pictures_see_products_at_strengths_of_their_own() {
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(4);
                    MultiHeadAttention layer =
                            new MultiHeadAttention(AttentionSpec.self(16, 2), AttentionNames.DIFFUSERS)) {
                layer.initialize(random);
                LowRank product =
                        ((Adaptable) Objects.requireNonNull(layer.childLayers().get("to_v"))).inject(2, 1, 0);
                random.normal(product.down(), 0, 1);
                random.normal(product.up(), 0, 1);
                layer.requiresGrad(true);
                Tensor tokens = random.randn(2, 21, 16);
                Tensor strengths = Tensors.ofDoubles(0.25, 1);
                Tensor plain = ProductStrengths.run(strengths, () -> layer.forward(tokens));
                try (BackwardTape tape = BackwardTape.open()) {
                    assertClose(
                            "on the tape", ProductStrengths.run(strengths, () -> layer.forward(tokens)), plain, 1e-5);
                }
            }
        });
    }

    /** The value, then the gradients of the tokens and of the weights; a key's bias has none but rounding. */
    private static List<float[]> numbers(boolean bias, boolean fused) {
        AttentionSpec spec = AttentionSpec.self(16, 2).with(s -> s.bias = bias);
        try (RandomStream random = new RandomStream(4);
                MultiHeadAttention layer = new MultiHeadAttention(spec, AttentionNames.DIFFUSERS)) {
            layer.initialize(random);
            layer.requiresGrad(true);
            Tensor tokens = random.randn(2, 21, 16);
            tokens.requires_grad_(true);
            Tensor direction = random.randn(2, 21, 16);
            List<float[]> results = new ArrayList<>();
            if (fused) {
                try (BackwardTape tape = BackwardTape.open()) {
                    Tensor value = layer.forward(tokens);
                    tape.backward(tape.withSides(value.mul(direction).sum()));
                    results.add(Tensors.floats(value));
                }
            } else {
                Tensor value = layer.forward(tokens);
                value.mul(direction).sum().backward();
                results.add(Tensors.floats(value));
            }
            results.add(Tensors.floats(tokens.grad()));
            layer.namedParameters().forEach((name, parameter) -> {
                if (!name.equals("to_k.bias")) {
                    results.add(Tensors.floats(parameter.grad()));
                }
            });
            return results;
        }
    }
}
