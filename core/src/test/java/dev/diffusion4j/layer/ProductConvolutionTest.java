// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.pytorch.global.torch.conv2d;

import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Beside LibTorch's convolution in f32 of the same numbers. */
class ProductConvolutionTest {
    /** Pictures that are not square, of fewer than 64 pixels in all and of more; a sample that something else sees too. */
    @ParameterizedTest
    @CsvSource({
        "3, 1, 1, true, 2",
        "3, 1, 1, true, 4",
        "3, 1, 1, false, 4",
        "3, 2, 1, true, 2",
        "1, 1, 0, false, 2",
        "3, 1, 0, true, 2",
        "3, 2, 1, true, 4"
    })
    void valuesAndGradients(long kernel, long stride, long padding, boolean withBias, long batch) {
        try (RandomStream noise = NoiseSource.shared(0)) {
            TensorScope.run(() -> {
                Tensor weight = half(noise, 512, 24, kernel, kernel).contiguous(MemoryFormat.ChannelsLast);
                Tensor bias = withBias ? half(noise, 512) : null;
                Tensor sample = half(noise, batch, 24, 5, 4).contiguous(MemoryFormat.ChannelsLast);
                Tensor wide = wide(sample).requires_grad_(true);
                Tensor exact = conv2d(
                        wide,
                        wide(weight),
                        bias == null ? new TensorOptional() : new TensorOptional(wide(bias)),
                        new long[] {stride, stride},
                        new long[] {padding, padding},
                        new long[] {1, 1},
                        1);
                Tensor gradient = wide(half(noise, Tensors.shape(exact)));
                exact.mul(gradient).sum().add(wide.sum()).backward();
                Tensor learnt = sample.detach().clone().requires_grad_(true);
                try (BackwardTape tape = BackwardTape.open()) {
                    assertThat(ProductConvolution.fits(learnt, weight, bias, stride, padding))
                            .isTrue();
                    Tensor found = new ProductConvolution(tape, weight, bias, stride, padding).forward(learnt);
                    near(found, exact);
                    tape.backward(tape.withSides(
                            wide(found).mul(gradient).sum().add(wide(learnt).sum())));
                }
                near(learnt.grad(), wide.grad());
            });
        }
    }

    private static Tensor half(RandomStream noise, long... shape) {
        return noise.randn(shape).to(ScalarType.BFloat16);
    }

    private static Tensor wide(Tensor tensor) {
        return tensor.to(ScalarType.Float);
    }

    /** Within bf16's half digit of the largest, as nine numbers that are rounded one by one make a gradient. */
    private static void near(Tensor found, Tensor exact) {
        double largest = exact.detach().abs().max().item_float();
        double off = wide(found.detach()).sub(exact.detach()).abs().max().item_float();
        assertThat(off).isLessThan(largest / 256);
    }

    @Test
    void whatIsQuickerOrLearnsIsLeftToConvolutions() {
        try (RandomStream noise = NoiseSource.shared(0)) {
            TensorScope.run(() -> {
                Tensor weight = half(noise, 80, 8, 3, 3).contiguous(MemoryFormat.ChannelsLast);
                Tensor sample = half(noise, 1, 8, 4, 4).requires_grad_(true);
                assertThat(fits(sample, weight, null)).isTrue();
                assertThat(fits(half(noise, 1, 8, 4, 5).requires_grad_(true), weight, null))
                        .as("pixels for few channels")
                        .isFalse();
                assertThat(ProductConvolution.fits(half(noise, 1, 8, 2, 2).requires_grad_(true), weight, null, 2, 0))
                        .as("a sample smaller than the kernel")
                        .isFalse();
                assertThat(fits(half(noise, 1, 8, 4, 4), weight, null))
                        .as("nothing learns before it")
                        .isFalse();
                assertThat(fits(sample, weight.clone().requires_grad_(true), null))
                        .as("a weight that learns")
                        .isFalse();
                assertThat(fits(sample, weight, half(noise, 80).requires_grad_(true)))
                        .as("a bias that learns")
                        .isFalse();
                assertThat(fits(wide(sample), wide(weight), null)).as("in f32").isFalse();
                assertThat(fits(sample, weight.contiguous(MemoryFormat.Contiguous), null))
                        .as("a weight in another order")
                        .isFalse();
            });
        }
    }

    /** As layers do: f32 beside autocast, with a low-rank product, and made again in the backward pass. */
    @Test
    void withinALayer() {
        try (RandomStream noise = NoiseSource.shared(0);
                Conv2d layer = Conv2d.same(24, 512)) {
            LowRank product = layer.inject(2, 0.5, 0);
            layer.initialize(noise);
            layer.channelsLast(true);
            layer.requiresGrad(false);
            TensorScope.run(() -> {
                noise.normal(product.down(), 0, 0.1);
                noise.normal(product.up(), 0, 0.1);
            });
            TensorScope.run(() -> {
                Tensor sample = noise.randn(2, 24, 5, 4);
                Tensor exact =
                        learnt(sample, given -> layer.forward(given).sin().sum());
                Placement bf16 = new Placement("cpu", Precision.BF16, 0);
                for (boolean again : new boolean[] {false, true}) {
                    assertThat(off(onTape(sample, layer, bf16, again), exact)).isLessThan(1.0 / 64);
                }
            });
        }
    }

    /** The gradient of a sample of its own. */
    private static Tensor learnt(Tensor sample, UnaryOperator<Tensor> loss) {
        Tensor own = sample.clone().requires_grad_(true);
        loss.apply(own).backward();
        return own.grad();
    }

    private static Tensor onTape(Tensor sample, Conv2d layer, Placement placement, boolean again) {
        Tensor own = sample.clone().requires_grad_(true);
        try (BackwardTape tape = BackwardTape.open()) {
            Tensor loss = placement.autocast(() -> {
                assertThat(ProductConvolution.fits(own, layer.weight(), layer.bias(), 1, 1))
                        .isTrue();
                Tensor made =
                        again ? tape.recompute(List.of(own), given -> layer.forward(given.get(0))) : layer.forward(own);
                return wide(made).sin().sum();
            });
            tape.backward(tape.withSides(loss));
        }
        return own.grad();
    }

    /** The largest difference beside the largest number. */
    private static double off(Tensor found, Tensor exact) {
        return found.sub(exact).abs().max().item_float() / exact.abs().max().item_float();
    }

    private static boolean fits(Tensor sample, Tensor weight, @Nullable Tensor bias) {
        return ProductConvolution.fits(sample, weight, bias, 1, 1);
    }
}
