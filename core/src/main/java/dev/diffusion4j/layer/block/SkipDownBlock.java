// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer.block;

import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Resample;
import dev.diffusion4j.layer.ResnetBlock;
import dev.diffusion4j.tensor.TensorScope;
import java.util.List;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** One level on the way down that also adds the input picture, made as small as itself: Song et al. (2021), after Karras et al. (2020). */
public final class SkipDownBlock extends Level {
    private static final int SKIP_CHANNELS = 3;

    private final List<Rung> rungs;
    private final @Nullable ResnetBlock halving;
    private final @Nullable Conv2d skipConv;

    /**
     * @param attention {@code null} for none
     * @param halving of a block that halves; {@code null} at the lowest level
     */
    public SkipDownBlock(
            List<ResnetBlock.Spec> resnets, @Nullable AttentionFactory attention, ResnetBlock.@Nullable Spec halving) {
        rungs = rungs(resnets, attention);
        this.halving = halving == null ? null : child("resnet_down", new ResnetBlock(halving));
        skipConv = halving == null ? null : child("skip_conv", Conv2d.pointwise(SKIP_CHANNELS, halving.out()));
    }

    @Override
    public void forward(BlockState state) {
        for (Rung rung : rungs) {
            state.apply(rung.resnet());
            rung.attend(state);
            state.pushSkip();
        }
        if (halving != null) {
            state.apply(halving);
            addSkipSample(state);
            state.pushSkip();
        }
    }

    private void addSkipSample(BlockState state) {
        Tensor skip = state.skipSample();
        Conv2d conv = skipConv;
        if (skip == null || conv == null) {
            throw new IllegalStateException("skip blocks need the input sample");
        }
        Tensor half = Resample.firDown(skip);
        state.carry(half);
        state.apply((Tensor hidden) -> TensorScope.keepResult(() -> {
            Tensor projected = conv.forward(half);
            return GradMode.is_enabled() ? projected.add(hidden) : projected.add_(hidden);
        }));
    }
}
