// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.model.unet2d.UNet2DModel;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A frozen network, whose weights lie in another order, computes and saves what the plain one does. */
class FrozenUNetTest {
    /** Wide enough for the vector loops, with both kinds of shortcut, attention, doubling and halving. */
    private static final Map<String, Object> WIDE = Map.of(
            "sample_size",
            16L,
            "block_out_channels",
            List.of(32L, 64L),
            "norm_num_groups",
            8L,
            "layers_per_block",
            1L,
            "down_block_types",
            List.of("DownBlock2D", "AttnDownBlock2D"),
            "up_block_types",
            List.of("AttnUpBlock2D", "UpBlock2D"));

    static java.util.stream.Stream<String> variants() {
        return UNet2DGoldenTest.variants();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("variants")
    void every_variant_equals_diffusers_still(String variant) {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("unet2d");
                    RandomStream initial = new RandomStream(7);
                    RandomStream random = new RandomStream(11);
                    UNet2DModel model = UNet2DModel.fromConfig(golden.json(variant));
                    NoGradGuard guard = new NoGradGuard()) {
                model.initialize(initial);
                SampleSize size = model.sampleSize().orElseThrow();
                Tensor sample = random.randn(2, model.sampleChannels(), size.height(), size.width());
                Conditioning conditioning = UNet2DGoldenTest.conditioning(golden.json(variant), random);
                model.channelsLast(true);
                model.freeze();
                for (int i = 0; i < 2; i++) {
                    assertClose(
                            "output",
                            model.forward(sample, Tensors.ofDoubles(3, 977), conditioning),
                            golden.tensor(variant + ".out"),
                            UNet2DGoldenTest.TOLERANCE);
                }
            }
        });
    }

    /** Runs {@code body} with a plain and a frozen network of equal weights. */
    private static void withBoth(ScalarType type, java.util.function.BiConsumer<UNet2DModel, UNet2DModel> body) {
        TensorScope.run(() -> {
            try (UNet2DModel plain = UNet2DModel.fromConfig(WIDE);
                    UNet2DModel frozen = UNet2DModel.fromConfig(WIDE)) {
                for (UNet2DModel model : List.of(plain, frozen)) {
                    try (RandomStream initial = new RandomStream(5)) {
                        model.initialize(initial);
                    }
                    model.convert(Devices.cpu(), type);
                }
                frozen.channelsLast(true);
                frozen.freeze();
                body.accept(plain, frozen);
            }
        });
    }

    private static Tensor sample(long... shape) {
        try (RandomStream random = new RandomStream(shape[0])) {
            return random.randn(shape);
        }
    }

    private static Tensor run(UNet2DModel model, Tensor sample) {
        return model.forward(sample, Tensors.ofDoubles(500), Conditioning.NONE);
    }

    @Test
    void any_size_and_batch_and_time_gives_the_plain_numbers() {
        withBoth(ScalarType.Float, (plain, frozen) -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                for (long[] shape : new long[][] {{1, 3, 16, 16}, {3, 3, 8, 12}, {1, 3, 64, 64}, {2, 3, 32, 32}}) {
                    assertClose("output", run(frozen, sample(shape)), run(plain, sample(shape)), 1e-5);
                }
                Tensor times = Tensors.ofDoubles(3, 977);
                Tensor two = sample(2, 3, 16, 16);
                assertClose(
                        "two times",
                        frozen.forward(two, times, Conditioning.NONE),
                        plain.forward(two, times, Conditioning.NONE),
                        1e-5);
            }
        });
    }

    @Test
    void bf16_is_as_near_to_f32_as_the_plain_bf16() {
        withBoth(
                ScalarType.Float,
                (exact, unused) -> withBoth(ScalarType.BFloat16, (plain, frozen) -> {
                    try (NoGradGuard guard = new NoGradGuard()) {
                        Tensor sample = sample(2, 3, 16, 16);
                        Tensor half = sample.to(ScalarType.BFloat16);
                        double expected = rms(run(plain, half), run(exact, sample));
                        assertThat(rms(run(frozen, half), run(exact, sample))).isLessThan(1.3 * expected);
                    }
                }));
    }

    private static double rms(Tensor actual, Tensor expected) {
        return actual.to(ScalarType.Float).sub(expected).square().mean().sqrt().item_float();
    }

    @Test
    void its_weights_come_out_as_they_went_in() {
        withBoth(ScalarType.BFloat16, (plain, frozen) -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                run(frozen, sample(1, 3, 16, 16).to(ScalarType.BFloat16));
            }
            Map<String, Tensor> kept = plain.snapshot();
            Map<String, Tensor> given = frozen.snapshot();
            assertThat(given.keySet()).isEqualTo(kept.keySet());
            given.forEach((name, tensor) -> {
                Tensor dense = tensor.is_mkldnn() ? tensor.to_dense() : tensor;
                assertThat(torch.equal(dense, kept.get(name))).as(name).isTrue();
            });
        });
    }

    @Test
    void gradients_of_the_sample_can_be_had_before_and_after_its_first_use() {
        withBoth(ScalarType.Float, (plain, frozen) -> {
            Consumer<UNet2DModel> use = model -> {
                try (NoGradGuard guard = new NoGradGuard()) {
                    run(model, sample(1, 3, 16, 16));
                }
            };
            assertClose("before", gradient(frozen), gradient(plain), 1e-5);
            use.accept(frozen);
            assertClose("after", gradient(frozen), gradient(plain), 1e-5);
        });
    }

    private static Tensor gradient(UNet2DModel model) {
        Tensor sample = sample(2, 3, 16, 16).set_requires_grad(true);
        run(model, sample).square().sum().backward();
        return sample.grad();
    }

    @Test
    void threads_that_meet_at_the_first_use_get_equal_numbers() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            withBoth(ScalarType.Float, (plain, frozen) -> {
                List<Future<float[]>> results = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    results.add(threads.submit(() -> TensorScope.compute(() -> {
                        try (NoGradGuard guard = new NoGradGuard()) {
                            frozen.snapshot();
                            return Tensors.floats(run(frozen, sample(1, 3, 16, 16)));
                        }
                    })));
                }
                for (Future<float[]> result : results) {
                    try {
                        assertThat(result.get()).isEqualTo(results.get(0).get());
                    } catch (java.util.concurrent.ExecutionException | InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
            });
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void it_cannot_be_converted_any_more() {
        withBoth(ScalarType.Float, (plain, frozen) -> assertThatThrownBy(
                        () -> frozen.convert(Devices.cpu(), ScalarType.BFloat16))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("frozen"));
    }
}
