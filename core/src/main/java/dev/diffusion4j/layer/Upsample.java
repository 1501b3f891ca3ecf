// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.jspecify.annotations.Nullable;

/** Doubles the size: nearest neighbour, then a 3×3 convolution. */
public final class Upsample extends BlockPart {
    private final Conv2d conv;
    private volatile @Nullable PhasedUpsample phased;

    public Upsample(long channels) {
        this("conv", Conv2d.same(channels, channels));
    }

    /**
     * With another convolution, of 3×3 that keeps the channels, and another name for it.
     *
     * @param conv owned by this layer
     */
    public Upsample(String name, Conv2d conv) {
        this.conv = child(name, conv);
    }

    @Override
    public Tensor forward(Tensor sample, BlockInput input) {
        return forward(sample);
    }

    /**
     * @param sample (B, C, H, W)
     * @return (B, C, 2H, 2W), a new tensor
     */
    public Tensor forward(Tensor sample) {
        return forward(sample, 2 * sample.size(2), 2 * sample.size(3));
    }

    /**
     * To any size.
     *
     * @param sample (B, C, H, W)
     * @return (B, C, height, width), a new tensor
     */
    public Tensor forward(Tensor sample, long height, long width) {
        boolean doubles = height == 2 * sample.size(2) && width == 2 * sample.size(3);
        if (doubles
                && isFrozen()
                && !conv.isAdapted()
                && !GradMode.is_enabled()
                && sample.device().is_cpu()
                && sample.is_contiguous(MemoryFormat.ChannelsLast)
                && SpeedProbe.packs(Tensors.type(sample))) {
            return phased(sample).forward(sample);
        }
        return TensorScope.keepResult(() -> conv.forward(Resample.nearest(sample, height, width)));
    }

    private PhasedUpsample phased(Tensor sample) {
        PhasedUpsample known = phased;
        return known != null ? known : makePhased(sample);
    }

    private synchronized PhasedUpsample makePhased(Tensor sample) {
        PhasedUpsample known = phased;
        if (known == null) {
            try (Tensor weight = conv.plainWeight()) {
                known = new PhasedUpsample(weight, conv.bias(), Tensors.shape(sample));
            }
            phased = known;
        }
        return known;
    }

    @Override
    long ownMadeBytes() {
        PhasedUpsample known = phased;
        return known == null ? 0 : known.bytes();
    }

    @Override
    public void close() {
        PhasedUpsample known = phased;
        if (known != null) {
            known.close();
        }
        super.close();
    }
}
