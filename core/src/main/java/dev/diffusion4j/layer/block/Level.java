// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer.block;

import dev.diffusion4j.layer.BlockPart;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.ResnetBlock;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A part of a U-Net or an autoencoder that works at one size. Names are those of diffusers' blocks. */
public abstract class Level extends Layer {
    /** Replaces the state's hidden sample; remembers it for the way up, or joins what was remembered, as the kind of level says. */
    public abstract void forward(BlockState state);

    /** A residual block, and the attention after it. */
    protected record Rung(ResnetBlock resnet, @Nullable BlockPart attention) {
        /** The attention, where there is one. */
        public void attend(BlockState state) {
            if (attention != null) {
                state.apply(attention);
            }
        }
    }

    /** Makes {@code resnets.i} and {@code attentions.i} parts of this level. */
    protected final List<Rung> rungs(List<ResnetBlock.Spec> resnets, @Nullable AttentionFactory attention) {
        return IntStream.range(0, resnets.size())
                .mapToObj(i -> rung(i, resnets.get(i), attention))
                .toList();
    }

    private Rung rung(int index, ResnetBlock.Spec spec, @Nullable AttentionFactory attention) {
        ResnetBlock resnet = child("resnets." + index, new ResnetBlock(spec));
        return new Rung(
                resnet, attention == null ? null : child("attentions." + index, attention.create(spec.out(), index)));
    }
}
