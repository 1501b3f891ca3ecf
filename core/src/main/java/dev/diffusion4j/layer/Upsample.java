// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;

/** Doubles the size: nearest neighbour, then a 3×3 convolution. */
public final class Upsample extends Layer {
    private final Conv2d conv;

    public Upsample(long channels) {
        conv = child("conv", Conv2d.same(channels, channels));
    }

    /**
     * @param sample (B, C, H, W)
     * @return (B, C, 2H, 2W), a new tensor
     */
    public Tensor forward(Tensor sample) {
        return TensorScope.keepResult(() -> conv.forward(Resample.nearestUp(sample)));
    }
}
