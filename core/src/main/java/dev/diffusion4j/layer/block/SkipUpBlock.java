// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer.block;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.BlockPart;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.GroupNorm;
import dev.diffusion4j.layer.Resample;
import dev.diffusion4j.layer.ResnetBlock;
import dev.diffusion4j.tensor.TensorScope;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** One level on the way up that also grows a picture, to which each such level adds: Song et al. (2021), after Karras et al. (2020). */
public final class SkipUpBlock extends Level {
    private static final int SKIP_CHANNELS = 3;

    private final List<Rung> rungs;
    private final @Nullable BlockPart attention;
    private final @Nullable ResnetBlock doubling;
    private final @Nullable Conv2d skipConv;
    private final @Nullable GroupNorm skipNorm;

    /**
     * @param attention of the one layer after all residual blocks; {@code null} for none
     * @param doubling of a block that doubles; {@code null} at the top level
     */
    public SkipUpBlock(
            List<ResnetBlock.Spec> resnets, @Nullable AttentionFactory attention, ResnetBlock.@Nullable Spec doubling) {
        rungs = rungs(resnets, null);
        int out = resnets.get(resnets.size() - 1).out();
        this.attention = attention == null ? null : child("attentions.0", attention.create(out, 0));
        if (doubling == null) {
            this.doubling = null;
            skipConv = null;
            skipNorm = null;
        } else {
            this.doubling = child("resnet_up", new ResnetBlock(doubling));
            skipConv = child("skip_conv", Conv2d.same(out, SKIP_CHANNELS));
            skipNorm = child("skip_norm", new GroupNorm(doubling.groups(), out, doubling.eps()));
        }
    }

    @Override
    public void forward(BlockState state) {
        rungs.forEach(rung -> state.applyJoined(rung.resnet()));
        if (attention != null) {
            state.apply(attention);
        }
        growSkipSample(state);
        if (doubling != null) {
            state.apply(doubling);
        }
    }

    private void growSkipSample(BlockState state) {
        Tensor below = state.skipSample();
        Conv2d conv = skipConv;
        GroupNorm norm = skipNorm;
        if (below == null && conv == null) {
            return;
        }
        state.carry(TensorScope.keepResult(() -> {
            Tensor carried = below == null ? null : Resample.firUp(below);
            if (conv == null || norm == null) {
                return java.util.Objects.requireNonNull(carried);
            }
            Tensor added = conv.forward(norm.forward(state.hidden(), null, Activation.SILU));
            return carried == null ? added : carried.add(added);
        }));
    }
}
