// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2d;

import dev.diffusion4j.layer.Attention;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.Resample;
import dev.diffusion4j.layer.ResnetBlock;
import org.jspecify.annotations.Nullable;

/** The bottom of the U: residual block, attention, residual block. */
final class MidBlock extends Layer {
    private final ResnetBlock first;
    private final @Nullable Attention attention;
    private final ResnetBlock second;

    MidBlock(UNet2DConfig config, int channels) {
        int groups = config.normNumGroups() != null ? config.normNumGroups() : Math.min(channels / 4, 32);
        ResnetBlock.Spec spec = new ResnetBlock.Spec(
                channels,
                channels,
                config.timeFeatures(),
                groups,
                groups,
                config.normEps(),
                config.dropout(),
                config.actFn(),
                config.scaleShift(),
                config.midBlockScaleFactor(),
                Resample.Kind.NONE,
                false);
        first = child("resnets.0", new ResnetBlock(spec));
        attention = config.addAttention()
                ? child(
                        "attentions.0",
                        new Attention(
                                channels,
                                config.headSize(channels),
                                attentionGroups(config, groups),
                                config.normEps(),
                                config.midBlockScaleFactor()))
                : null;
        second = child("resnets.1", new ResnetBlock(spec));
    }

    private static @Nullable Integer attentionGroups(UNet2DConfig config, int groups) {
        if (config.attnNormNumGroups() != null) {
            return config.attnNormNumGroups();
        }
        return config.scaleShift() ? null : groups;
    }

    void forward(UNetState state) {
        state.apply(hidden -> first.forward(hidden, state.activatedTime));
        Attention look = attention;
        if (look != null) {
            state.apply(look::forward);
        }
        state.apply(hidden -> second.forward(hidden, state.activatedTime));
    }
}
