// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer.block;

import dev.diffusion4j.layer.BlockPart;
import dev.diffusion4j.layer.ResnetBlock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The bottom: a residual block, then attention and a residual block, once or several times. */
public final class MidBlock extends Level {
    private final List<BlockPart> parts = new ArrayList<>();

    /**
     * @param resnet of each residual block
     * @param layers how often attention and a residual block follow the first
     * @param attention {@code null} for none
     */
    public MidBlock(ResnetBlock.Spec resnet, int layers, @Nullable AttentionFactory attention) {
        parts.add(child("resnets.0", new ResnetBlock(resnet)));
        for (int i = 0; i < layers; i++) {
            if (attention != null) {
                parts.add(child("attentions." + i, attention.create(resnet.out(), i)));
            }
            parts.add(child("resnets." + (i + 1), new ResnetBlock(resnet)));
        }
    }

    @Override
    public void forward(BlockState state) {
        parts.forEach(state::apply);
    }
}
