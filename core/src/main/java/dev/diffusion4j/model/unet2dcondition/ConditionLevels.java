// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2dcondition;

import dev.diffusion4j.layer.Downsample;
import dev.diffusion4j.layer.ResnetBlock;
import dev.diffusion4j.layer.Upsample;
import dev.diffusion4j.layer.block.AttentionFactory;
import dev.diffusion4j.layer.block.DownBlock;
import dev.diffusion4j.layer.block.Level;
import dev.diffusion4j.layer.block.MidBlock;
import dev.diffusion4j.layer.block.Transformer2D;
import dev.diffusion4j.layer.block.UpBlock;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.DownBlockType;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.MidBlockType;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.TimeScaleShift;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionConfig.UpBlockType;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** From a config to the levels of its network. */
final class ConditionLevels {
    private final UNet2DConditionConfig config;
    private final ResnetBlock.Spec spec;
    private final int last;

    ConditionLevels(UNet2DConditionConfig config) {
        this.config = config;
        this.last = config.levels() - 1;
        this.spec = ResnetBlock.Spec.of(1, 1).with(s -> {
            s.timeFeatures = config.blockTimeFeatures();
            s.groups = config.normNumGroups();
            s.eps = config.normEps();
            s.dropout = config.dropout();
            s.activation = config.actFn();
            s.scaleShift = config.resnetTimeScaleShift() == TimeScaleShift.SCALE_SHIFT;
        });
    }

    /** The levels on the way down, from the top. */
    List<Level> down() {
        return IntStream.rangeClosed(0, last).mapToObj(this::down).toList();
    }

    /** The levels on the way up, from the bottom. */
    List<Level> up() {
        return IntStream.rangeClosed(0, last).mapToObj(this::up).toList();
    }

    private Level down(int level) {
        int out = config.width(level);
        int in = config.width(Math.max(level - 1, 0));
        List<ResnetBlock.Spec> resnets = IntStream.range(
                        0, config.layersPerBlock().at(level))
                .mapToObj(i -> resnet(i == 0 ? in : out, out))
                .toList();
        AttentionFactory attention = config.downBlockTypes().get(level) == DownBlockType.CROSS_ATTENTION
                ? attention(level, layer -> config.transformerLayersPerBlock().at(level, layer))
                : null;
        return new DownBlock(
                resnets, attention, level == last ? null : new Downsample(out, config.downsamplePadding()));
    }

    /** The lowest part of the U; {@code null} where the config has none. */
    @Nullable
    MidBlock mid() {
        MidBlockType type = config.midBlockType();
        if (type == null) {
            return null;
        }
        int channels = config.width(last);
        ResnetBlock.Spec resnet = resnet(channels, channels).with(s -> s.outputScale = config.midBlockScaleFactor());
        if (type == MidBlockType.PLAIN) {
            return new MidBlock(resnet, 0, null);
        }
        int depth = config.transformerLayersPerBlock().at(last);
        // diffusers lets the middle's pixels ask each other, whatever only_cross_attention says
        return new MidBlock(resnet, 1, (width, index) -> transformer(width, last, depth, false));
    }

    /** @param step from the bottom */
    private Level up(int step) {
        int level = last - step;
        int out = config.width(level);
        int below = config.width(Math.min(level + 1, last));
        int above = config.width(Math.max(level - 1, 0));
        int count = config.layersPerBlock().at(level) + 1;
        List<ResnetBlock.Spec> resnets = IntStream.range(0, count)
                .mapToObj(i -> resnet((i == 0 ? below : out) + (i == count - 1 ? above : out), out))
                .toList();
        LevelNumbers reverse = config.reverseTransformerLayersPerBlock();
        IntUnaryOperator depth =
                layer -> reverse == null ? config.transformerLayersPerBlock().at(level) : reverse.at(step, layer);
        AttentionFactory attention =
                config.upBlockTypes().get(step) == UpBlockType.CROSS_ATTENTION ? attention(level, depth) : null;
        return new UpBlock(resnets, attention, level == 0 ? null : new Upsample(out));
    }

    private AttentionFactory attention(int level, IntUnaryOperator depth) {
        boolean twice = config.onlyCrossAttention().at(level);
        return (channels, index) -> transformer(channels, level, depth.applyAsInt(index), twice);
    }

    private Transformer2D transformer(int channels, int level, int depth, boolean asksPromptTwice) {
        return new Transformer2D(new Transformer2D.Spec(
                channels,
                config.attentionHeadDim().at(level),
                depth,
                config.crossAttentionDim().at(level),
                config.normNumGroups(),
                config.useLinearProjection(),
                asksPromptTwice));
    }

    private ResnetBlock.Spec resnet(int in, int out) {
        return spec.with(s -> {
            s.in = in;
            s.out = out;
        });
    }
}
