// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer.block;

import dev.diffusion4j.layer.BlockPart;
import dev.diffusion4j.layer.ResnetBlock;
import dev.diffusion4j.layer.Upsample;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One level on the way up: residual blocks, each of them, in a U-Net, of the sample joined with what was remembered last, and each
 * followed by attention where there is a factory for it, then doubling.
 */
public final class UpBlock extends Level {
    private final List<Rung> rungs;
    private final @Nullable BlockPart upsampler;

    /**
     * @param resnets in a U-Net, the channels that each takes are those of the sample and of what was remembered together
     * @param attention {@code null} for none
     * @param upsampler an {@link dev.diffusion4j.layer.Upsample} or a {@link ResnetBlock} that doubles; owned by this level; {@code null}
     *     at the top level. An {@code Upsample} makes the size of what is joined next, which is odd where an odd size was halved
     */
    public UpBlock(
            List<ResnetBlock.Spec> resnets, @Nullable AttentionFactory attention, @Nullable BlockPart upsampler) {
        rungs = rungs(resnets, attention);
        this.upsampler = upsampler == null ? null : child("upsamplers.0", upsampler);
    }

    @Override
    public void forward(BlockState state) {
        for (Rung rung : rungs) {
            state.applyJoined(rung.resnet());
            rung.attend(state);
        }
        Tensor next = state.nextSkip();
        if (upsampler instanceof Upsample doubling && next != null) {
            state.apply((Tensor hidden) -> doubling.forward(hidden, next.size(2), next.size(3)));
        } else if (upsampler != null) {
            state.apply(upsampler);
        }
    }
}
