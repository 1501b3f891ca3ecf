// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** Learning from one key: no token need be asked, and everything learns as if each had been. */
class OneKeyTest {
    @Test
    void in_f32_values_and_gradients_are_those_of_asking_each_token_to_the_last_bit() {
        Map<String, float[]> asked = numbers(Precision.F32, true);
        Map<String, float[]> one = numbers(Precision.F32, false);
        assertThat(one.keySet())
                .isEqualTo(asked.keySet())
                .contains("value", "tokens", "context", "to_q.weight", "to_out.0.weight");
        asked.forEach((name, expected) -> assertThat(one.get(name)).as(name).isEqualTo(expected));
    }

    @Test
    void in_bf16_they_are_the_same_but_for_rounding() {
        Map<String, float[]> asked = numbers(Precision.BF16, true);
        Map<String, float[]> one = numbers(Precision.BF16, false);
        asked.forEach((name, expected) -> {
            float largest = 0;
            for (float number : expected) {
                largest = Math.max(largest, Math.abs(number));
            }
            assertClose(
                    name, java.util.Objects.requireNonNull(one.get(name)), expected, largest / 64); // bf16 has 8 bits
        });
    }

    @Test
    void questions_and_keys_get_gradients_which_are_zero() {
        Map<String, float[]> one = numbers(Precision.F32, false);
        for (String name : new String[] {"to_q.weight", "to_q.bias", "to_k.weight", "to_k.bias"}) {
            assertThat(one.get(name)).as(name).isNotEmpty().containsOnly(0f);
        }
    }

    /** The value and all gradients, by name. */
    private static Map<String, float[]> numbers(Precision precision, boolean asksEach) {
        AttentionSpec spec = AttentionSpec.self(16, 2).with(s -> {
            s.contextFeatures = 5;
            s.headSize = 4;
            s.valueSize = 3;
            s.bias = true;
        });
        Map<String, float[]> numbers = new LinkedHashMap<>();
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(4);
                    MultiHeadAttention layer = new MultiHeadAttention(spec, AttentionNames.DIFFUSERS)) {
                layer.initialize(random);
                layer.requiresGrad(true);
                Tensor tokens =
                        random.randn(3, 21, 16).to(precision.scalarType()).requires_grad_(true);
                Tensor context =
                        random.randn(3, 1, 5).to(precision.scalarType()).requires_grad_(true);
                Tensor direction = random.randn(3, 21, 16);
                AttentionInput plain = AttentionInput.of(context);
                AttentionInput input =
                        asksEach ? plain.withPlaces(heads -> heads) : plain; // with places each token asks
                Tensor value = new Placement("cpu", precision, 0).autocast(() -> layer.forward(tokens, input));
                value.add(tokens).to(ScalarType.Float).mul(direction).sum().backward();
                numbers.put("value", floats(value));
                numbers.put("tokens", floats(tokens.grad()));
                numbers.put("context", floats(context.grad()));
                layer.namedParameters().forEach((name, parameter) -> numbers.put(name, floats(parameter.grad())));
            }
        });
        return numbers;
    }

    /** Zeros have no sign here. */
    private static float[] floats(Tensor tensor) {
        return Tensors.floats(tensor.add(new Scalar(0.0)));
    }
}
