// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Map;
import java.util.function.Supplier;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** Products that one call sees and no other. */
class ActiveProductsTest {
    private static Tensor quietly(Supplier<Tensor> body) {
        return TensorScope.keepResult(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return body.get();
            }
        });
    }

    /** What a layer does with a product beside it, and with the product in its weight, frozen (and packed) or not. */
    private static void checkAlike(Adaptable layer, Supplier<Tensor> forward, Tensor down, Tensor up) {
        Tensor before = quietly(forward);
        Tensor beside = quietly(
                () -> new ActiveProducts(Map.of(layer, WeightChange.of(new LowRank(down, up, 0.5)))).run(forward));
        assertThat(Tensors.floats(quietly(forward))).isEqualTo(Tensors.floats(before));
        layer.addToWeight(down, up, 0.5);
        assertClose("beside and in the weight", beside, quietly(forward), 1e-5);
        layer.addToWeight(down, up, -0.5);
        layer.freeze();
        assertClose("frozen", quietly(forward), before, 1e-5);
        assertClose(
                "beside a frozen weight",
                quietly(() ->
                        new ActiveProducts(Map.of(layer, WeightChange.of(new LowRank(down, up, 0.5)))).run(forward)),
                beside,
                1e-5);
    }

    @Test
    void a_product_beside_a_weight_does_what_it_does_within_it() {
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1);
                    Linear linear = new Linear(6, 5);
                    Conv2d conv = new Conv2d(4, 6, 3, 2, 1);
                    Upsample upsample = new Upsample(4)) {
                linear.initialize(random);
                conv.initialize(random);
                upsample.initialize(random);
                upsample.channelsLast(true);
                Tensor features = random.randn(2, 3, 6);
                Tensor sample = random.randn(2, 4, 8, 8)
                        .contiguous(org.bytedeco.pytorch.global.torch.MemoryFormat.ChannelsLast);
                checkAlike(linear, () -> linear.forward(features), random.randn(2, 6), random.randn(5, 2));
                checkAlike(conv, () -> conv.forward(sample), random.randn(2, 4, 3, 3), random.randn(6, 2, 1, 1));
                Tensor residual = random.randn(2, 6, 4, 4);
                Tensor down = random.randn(2, 4, 3, 3);
                Tensor up = random.randn(6, 2, 1, 1);
                assertClose(
                        "added to a residual",
                        quietly(() -> new ActiveProducts(Map.of(conv, WeightChange.of(new LowRank(down, up, 1))))
                                .run(() -> conv.forwardPlus(sample, residual.clone(), true))),
                        quietly(() -> new ActiveProducts(Map.of(conv, WeightChange.of(new LowRank(down, up, 1))))
                                .run(() -> conv.forward(sample))
                                .add(residual)),
                        1e-5);
                Adaptable inner = Adaptable.in(upsample).get("conv");
                assertThat(inner).isNotNull();
                upsample.freeze();
                Tensor plain = quietly(() -> upsample.forward(sample));
                Tensor beside = quietly(() -> new ActiveProducts(
                                Map.of(inner, WeightChange.of(new LowRank(down, random.randn(4, 2, 1, 1), 1))))
                        .run(() -> upsample.forward(sample)));
                assertThat(beside.sub(plain).abs().max().item_float()).isGreaterThan(0.1f);
                assertThat(Tensors.floats(quietly(() -> upsample.forward(sample))))
                        .isEqualTo(Tensors.floats(plain));
            }
        });
    }

    @Test
    void the_innermost_call_counts_alone_and_what_it_hands_on_is_seen_by_another_thread() {
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1);
                    Linear linear = new Linear(3, 3)) {
                linear.initialize(random);
                Tensor one = random.randn(1, 3);
                ActiveProducts outer = new ActiveProducts(
                        Map.of(linear, WeightChange.of(new LowRank(random.randn(1, 3), random.randn(3, 1), 1))));
                float[] plain = Tensors.floats(quietly(() -> linear.forward(one)));
                float[] adapted = Tensors.floats(quietly(() -> outer.run(() -> linear.forward(one))));
                assertThat(adapted).isNotEqualTo(plain);
                outer.run(() -> {
                    assertThat(Tensors.floats(quietly(() -> ActiveProducts.NONE.run(() -> linear.forward(one)))))
                            .isEqualTo(plain);
                    assertThat(onAnotherThread(ActiveProducts.current(), linear, one))
                            .isEqualTo(adapted);
                    assertThat(onAnotherThread(ActiveProducts.NONE, linear, one))
                            .isEqualTo(plain);
                    return true;
                });
                assertThat(ActiveProducts.current()).isSameAs(ActiveProducts.NONE);
            }
        });
    }

    private static float[] onAnotherThread(ActiveProducts products, Linear linear, Tensor input) {
        return java.util.concurrent.CompletableFuture.supplyAsync(() -> TensorScope.compute(
                        () -> products.run(() -> Tensors.floats(quietly(() -> linear.forward(input))))))
                .join();
    }
}
