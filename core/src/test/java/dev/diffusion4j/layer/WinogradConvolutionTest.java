// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.pytorch.global.torch.conv2d;

import dev.diffusion4j.processor.PackedConvolution;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WinogradConvolutionTest {
    private static final long[] ONE = {1, 1};

    /** Against the direct one in double. */
    @ParameterizedTest
    @CsvSource({"2, 64, 80, 64, 64", "1, 80, 64, 19, 6", "3, 64, 64, 5, 130", "1, 64, 64, 1, 1"})
    void isTheDirectConvolutionToSixDigits(long batch, long in, long out, long height, long width) {
        try (NoGradGuard guard = new NoGradGuard();
                RandomStream noise = NoiseSource.shared(0)) {
            TensorScope.run(() -> {
                Tensor sample = noise.randn(batch, in, height, width).contiguous(MemoryFormat.ChannelsLast);
                Tensor weight = noise.randn(out, in, 3, 3).mul(new Scalar(1 / Math.sqrt(9.0 * in)));
                Tensor bias = noise.randn(out);
                Tensor exact = conv2d(wide(sample), wide(weight), new TensorOptional(wide(bias)), ONE, ONE, ONE, 1);
                try (WinogradConvolution fast = winograd(weight, sample)) {
                    assertThat(fast.madeBytes()).isZero();
                    Tensor found = fast.forwardByPoints(sample, bias);
                    assertThat(distance(found, exact)).isLessThan(1e-5);
                    assertThat(found.is_contiguous(MemoryFormat.ChannelsLast)).isTrue();
                    assertThat(fast.madeBytes()).as("four times the plain 3x3").isEqualTo(4 * weight.nbytes());
                }
            });
        }
    }

    @Test
    void aPictureHasTheSameBytesByItselfAndAmongOthersWhateverWasAskedBefore() {
        try (NoGradGuard guard = new NoGradGuard();
                RandomStream noise = NoiseSource.shared(0)) {
            TensorScope.run(() -> {
                Tensor three = noise.randn(3, 128, 64, 64).contiguous(MemoryFormat.ChannelsLast);
                Tensor one = three.narrow(0, 2, 1).contiguous(MemoryFormat.ChannelsLast);
                Tensor small = three.narrow(2, 0, 8).contiguous(MemoryFormat.ChannelsLast);
                Tensor weight = noise.randn(128, 128, 3, 3);
                Tensor bias = noise.randn(128);
                try (WinogradConvolution fresh = winograd(weight, three);
                        WinogradConvolution used = winograd(weight, small)) {
                    Tensor among = fresh.forward(three, bias).narrow(0, 2, 1);
                    assertThat(used.forward(small, bias).equal(conv(small, weight, bias)))
                            .isTrue();
                    assertThat(used.forward(one, bias).equal(among)).isTrue();
                    Tensor sum = one.clone();
                    used.addTo(sum, one, bias);
                    assertThat(sum.equal(among.add(one))).isTrue();
                    assertThat(used.weight().to_dense().equal(weight)).isTrue();
                }
            });
        }
    }

    private static Tensor conv(Tensor sample, Tensor weight, Tensor bias) {
        return new PackedConvolution(weight, ONE, ONE, Tensors.shape(sample)).forward(sample, bias);
    }

    private static WinogradConvolution winograd(Tensor weight, Tensor sample) {
        return new WinogradConvolution(new PackedConvolution(weight, ONE, ONE, Tensors.shape(sample)));
    }

    private static Tensor wide(Tensor tensor) {
        return tensor.to(ScalarType.Double);
    }

    /** The largest difference beside the largest number. */
    private static double distance(Tensor found, Tensor exact) {
        return wide(found).sub(exact).abs().max().item_double()
                / exact.abs().max().item_double();
    }
}
