// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer.block;

import dev.diffusion4j.layer.BlockPart;
import dev.diffusion4j.layer.ResnetBlock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One level on the way down: residual blocks, each followed by attention where there is a factory for it, then halving. The result of
 * each is remembered for the way up where the {@link BlockState} does so.
 */
public final class DownBlock extends Level {
    private final List<Rung> rungs;
    private final @Nullable BlockPart downsampler;

    /**
     * @param attention {@code null} for none
     * @param downsampler a {@link dev.diffusion4j.layer.Downsample} or a {@link ResnetBlock} that halves; owned by this level; {@code
     *     null} at the lowest level
     */
    public DownBlock(
            List<ResnetBlock.Spec> resnets, @Nullable AttentionFactory attention, @Nullable BlockPart downsampler) {
        rungs = rungs(resnets, attention);
        this.downsampler = downsampler == null ? null : child("downsamplers.0", downsampler);
    }

    @Override
    public void forward(BlockState state) {
        for (Rung rung : rungs) {
            state.apply(rung.resnet());
            rung.attend(state);
            state.pushSkip();
        }
        if (downsampler != null) {
            state.apply(downsampler);
            state.pushSkip();
        }
    }
}
