// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.processor;

import static dev.diffusion4j.testing.Golden.assertClose;

import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.junit.jupiter.api.Test;

/** Weights in oneDNN's own order, with and without a bias, against LibTorch's plain operations. */
class PackedWeightsTest {
    private static final long[] ONE = {1, 1};

    @Test
    void a_linear_map_gives_the_same_with_and_without_a_bias() {
        TensorScope.run(() -> {
            RandomStream random = NoiseSource.shared(5);
            Tensor weight = random.randn(6, 10);
            Tensor bias = random.randn(6);
            Tensor features = random.randn(4, 10);
            try (PackedLinear packed = new PackedLinear(weight, 4)) {
                assertClose(
                        "with",
                        packed.forward(features, bias),
                        torch.linear(features, weight, new TensorOptional(bias)),
                        1e-6);
                assertClose("without", packed.forward(features, null), torch.linear(features, weight), 1e-6);
            }
            random.close();
        });
    }

    @Test
    void a_convolution_gives_the_same_with_and_without_a_bias() {
        TensorScope.run(() -> {
            RandomStream random = NoiseSource.shared(5);
            Tensor weight = random.randn(6, 4, 3, 3);
            Tensor bias = random.randn(6);
            Tensor sample = random.randn(2, 4, 5, 7).contiguous(MemoryFormat.ChannelsLast);
            try (PackedConvolution packed = new PackedConvolution(weight, ONE, ONE, Tensors.shape(sample))) {
                Tensor plain = torch.conv2d(sample, weight, new TensorOptional(), ONE, ONE, ONE, 1);
                Tensor biased = torch.conv2d(sample, weight, new TensorOptional(bias), ONE, ONE, ONE, 1);
                assertClose("without", packed.forward(sample, null), plain, 1e-6);
                assertClose("with", packed.forward(sample, bias), biased, 1e-6);
                Tensor sum = torch.zeros_like(plain).contiguous(MemoryFormat.ChannelsLast);
                packed.addTo(sum, sample, null);
                assertClose("added", sum, plain, 1e-6);
            }
            random.close();
        });
    }
}
