// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static dev.diffusion4j.testing.Golden.assertClose;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** Each picture of a batch sees the products at its own strength. */
class ProductStrengthsTest {
    private static final double[] STRENGTHS = {0, 0.5, 1};

    /** At 0 the layer alone, at 1 the layer with its product, at a half what lies between them. */
    private static void check(Adaptable layer, UnaryOperator<Tensor> forward, Tensor input, RandomStream random) {
        Tensor plain = forward.apply(input);
        LowRank product = layer.inject(2, 1.5, 0);
        random.normal(product.down(), 0, 1);
        random.normal(product.up(), 0, 1);
        Tensor full = forward.apply(input);
        Tensor mixed = ProductStrengths.run(Tensors.ofDoubles(STRENGTHS), () -> forward.apply(input));
        for (int i = 0; i < STRENGTHS.length; i++) {
            Tensor from = plain.narrow(0, i, 1);
            Tensor way = full.narrow(0, i, 1).sub(from);
            assertClose(
                    "at " + STRENGTHS[i],
                    mixed.narrow(0, i, 1),
                    from.add(way, new org.bytedeco.pytorch.Scalar(STRENGTHS[i])),
                    1e-5);
        }
        assertClose("afterwards", forward.apply(input), full, 0);
    }

    @Test
    void a_picture_sees_the_product_of_a_layer_at_its_strength() {
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard();
                    RandomStream random = new RandomStream(1);
                    Linear linear = new Linear(6, 5);
                    Conv2d conv = new Conv2d(4, 6, 3, 1, 1)) {
                linear.initialize(random);
                conv.initialize(random);
                check(linear, linear::forward, random.randn(3, 2, 6), random);
                check(conv, conv::forward, random.randn(3, 4, 8, 8), random);
            }
        });
    }
}
