// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.constant_pad_nd;

import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;

/** Halves the size by a 3×3 convolution of stride 2; padding 0 means one more row and column at the right and bottom only. */
public final class Downsample extends BlockPart {
    private final Conv2d conv;
    private final boolean asymmetric;

    public Downsample(long channels, int padding) {
        asymmetric = padding == 0;
        conv = child("conv", new Conv2d(channels, channels, 3, 2, padding));
    }

    @Override
    public Tensor forward(Tensor sample, BlockInput input) {
        return forward(sample);
    }

    /**
     * @param sample (B, C, H, W)
     * @return (B, C, H/2, W/2), a new tensor
     */
    public Tensor forward(Tensor sample) {
        return asymmetric
                ? TensorScope.keepResult(() -> conv.forward(constant_pad_nd(sample, 0, 1, 0, 1)))
                : conv.forward(sample);
    }
}
