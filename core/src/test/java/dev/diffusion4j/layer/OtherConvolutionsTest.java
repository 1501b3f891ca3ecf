// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.conv_transpose2d;

import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Convolutions that layers compute by other means than LibTorch's, beside LibTorch's: values, and the gradients of sample, weight and bias. */
class OtherConvolutionsTest {
    private static final long[] ONE = {1, 1};

    /** A value and its gradients, in f32. */
    private record Learnt(Tensor value, List<Tensor> gradients) {}

    @ParameterizedTest
    @CsvSource({"3, 3, 5", "2, 3, 4", "5, 2, 3", "1, 1, 6"})
    void picturesOfFewPixelsLieBesideEachOther(long height, long width, long batch) {
        try (RandomStream noise = NoiseSource.shared(0);
                Conv2d layer = laidOut(Conv2d.same(40, 24), noise)) {
            TensorScope.run(() -> {
                Tensor sample = noise.randn(batch, 40, height, width).contiguous(MemoryFormat.ChannelsLast);
                assertThat(AdjacentPictures.fit(sample)).isTrue();
                same(layer, Precision.BF16, sample, layer::forward, given -> ownConvolution(layer, given));
            });
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16"})
    void oneChannelStaysChannelsLast(Precision precision) {
        try (RandomStream noise = NoiseSource.shared(1);
                Conv2d layer = laidOut(Conv2d.same(1, 12), noise)) {
            TensorScope.run(() -> {
                Tensor sample = noise.randn(3, 1, 7, 6);
                assertThat(layer.forward(sample).is_contiguous(MemoryFormat.ChannelsLast))
                        .isTrue();
                same(layer, precision, sample, layer::forward, given -> ownConvolution(layer, given));
            });
        }
    }

    @Test
    void layersOfLayersKnowTheLayout() {
        try (Pair pair = new Pair()) {
            pair.channelsLast(true);
            assertThat(pair.last.isChannelsLast()).isTrue();
            pair.channelsLast(false);
            assertThat(pair.last.isChannelsLast()).isFalse();
        }
    }

    private static final class Pair extends Layer {
        private final Conv2d last;

        private Pair() {
            last = child("last", Conv2d.same(1, 2));
        }
    }

    private static Tensor ownConvolution(Conv2d layer, Tensor sample) {
        return conv2d(sample, layer.weight(), new TensorOptional(layer.bias()), ONE, ONE, ONE, 1);
    }

    /** Where the weight learns, and where it does not and the channels are many; both in f32 too, where it is LibTorch's own. */
    @ParameterizedTest
    @CsvSource({"12, 2, true, BF16", "12, 3, true, BF16", "256, 2, false, BF16", "12, 2, true, F32"})
    void transposedOnesAreProducts(long channels, long stride, boolean learns, Precision precision) {
        try (RandomStream noise = NoiseSource.shared(2);
                ConvTranspose2d layer = laidOut(new ConvTranspose2d(channels, 8, stride), noise)) {
            layer.requiresGrad(learns);
            TensorScope.run(() -> {
                Tensor sample = noise.randn(3, channels, 5, 4).contiguous(MemoryFormat.ChannelsLast);
                Tensor weight = layer.stateDict().get("weight");
                Tensor bias = layer.stateDict().get("bias");
                long[] by = {stride, stride};
                long[] none = {0, 0};
                same(
                        layer,
                        precision,
                        sample,
                        layer::forward,
                        given -> conv_transpose2d(given, weight, new TensorOptional(bias), by, none, none, 1, ONE));
            });
        }
    }

    private static <L extends Layer> L laidOut(L layer, RandomStream noise) {
        layer.initialize(noise);
        layer.channelsLast(true);
        layer.requiresGrad(true);
        return layer;
    }

    /** Within two of bf16's half digits of the largest number, for sums are rounded once more; in f32 within 1e-5 of it. */
    private static void same(
            Layer layer,
            Precision precision,
            Tensor sample,
            UnaryOperator<Tensor> found,
            UnaryOperator<Tensor> expected) {
        Learnt own = learnt(layer, precision, sample, found);
        Learnt exact = learnt(layer, precision, sample, expected);
        double most = precision == Precision.BF16 ? 1.0 / 128 : 1e-5;
        near(own.value, exact.value, most);
        assertThat(own.gradients).hasSameSizeAs(exact.gradients);
        for (int i = 0; i < own.gradients.size(); i++) {
            near(own.gradients.get(i), exact.gradients.get(i), most);
        }
    }

    private static Learnt learnt(Layer layer, Precision precision, Tensor sample, UnaryOperator<Tensor> body) {
        Tensor own = sample.clone().requires_grad_(true);
        Tensor value = new Placement("cpu", precision, 0).autocast(() -> body.apply(own));
        value.to(ScalarType.Float).sin().sum().backward();
        List<Tensor> gradients = Stream.concat(Stream.of(own), layer.stateDict().values().stream())
                .filter(Tensor::requires_grad)
                .map(learnt -> learnt.grad().clone())
                .toList();
        layer.stateDict().values().stream().filter(Tensor::requires_grad).forEach(learnt -> learnt.grad()
                .zero_());
        return new Learnt(value.detach(), gradients);
    }

    private static void near(Tensor found, Tensor exact, double most) {
        assertThat(Tensors.shape(found)).isEqualTo(Tensors.shape(exact));
        double largest = exact.abs().max().item_float();
        double off = found.to(ScalarType.Float)
                .sub(exact.to(ScalarType.Float))
                .abs()
                .max()
                .item_float();
        assertThat(off).isLessThanOrEqualTo(largest * most);
    }
}
