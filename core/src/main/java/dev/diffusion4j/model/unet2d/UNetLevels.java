// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2d;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.layer.BlockPart;
import dev.diffusion4j.layer.Downsample;
import dev.diffusion4j.layer.PixelAttention;
import dev.diffusion4j.layer.Resample;
import dev.diffusion4j.layer.ResnetBlock;
import dev.diffusion4j.layer.Upsample;
import dev.diffusion4j.layer.block.AttentionFactory;
import dev.diffusion4j.layer.block.DownBlock;
import dev.diffusion4j.layer.block.Level;
import dev.diffusion4j.layer.block.MidBlock;
import dev.diffusion4j.layer.block.SkipDownBlock;
import dev.diffusion4j.layer.block.SkipUpBlock;
import dev.diffusion4j.layer.block.UpBlock;
import dev.diffusion4j.model.unet2d.UNet2DConfig.DownBlockType;
import dev.diffusion4j.model.unet2d.UNet2DConfig.UpBlockType;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** From a config to the levels of its network, whose numbers differ a little between plain and skip blocks in diffusers. */
final class UNetLevels {
    private static final int MAX_SKIP_GROUPS = 32;
    private static final int SKIP_ATTENTION_GROUPS = 32;
    private static final double SKIP_SCALE = Math.sqrt(2);

    private final UNet2DConfig config;
    private final ResnetBlock.Spec spec;

    UNetLevels(UNet2DConfig config) {
        this.config = config;
        this.spec = ResnetBlock.Spec.of(1, 1).with(s -> {
            s.timeFeatures = config.timeFeatures();
            s.eps = config.normEps();
            s.dropout = config.dropout();
            s.activation = config.actFn();
            s.scaleShift = config.scaleShift();
        });
    }

    /** The levels on the way down, from the top. */
    List<Level> down() {
        List<Integer> widths = config.blockOutChannels();
        return IntStream.range(0, widths.size())
                .mapToObj(i -> down(
                        config.downBlockTypes().get(i),
                        widths.get(Math.max(i - 1, 0)),
                        widths.get(i),
                        i == widths.size() - 1))
                .toList();
    }

    /** The levels on the way up, from the bottom. */
    List<Level> up() {
        List<Integer> widths = config.blockOutChannels();
        int last = widths.size() - 1;
        return IntStream.rangeClosed(0, last)
                .mapToObj(i -> up(
                        config.upBlockTypes().get(i),
                        widths.get(Math.max(last - 1 - i, 0)),
                        widths.get(Math.min(last + 1 - i, last)),
                        widths.get(last - i),
                        i == last))
                .toList();
    }

    /** @param last whether this is the lowest level, which is not halved */
    private Level down(DownBlockType type, int in, int out, boolean last) {
        List<ResnetBlock.Spec> resnets = IntStream.range(0, config.layersPerBlock())
                .mapToObj(i -> i == 0 ? in : out)
                .map(from -> type.isSkip()
                        ? skip(from, out, skipGroups(from))
                        : plain(from, out, plainGroups(), Resample.Kind.NONE))
                .toList();
        if (type.isSkip()) {
            AttentionFactory attention = type == DownBlockType.ATTENTION_SKIP ? skipAttention() : null;
            return new SkipDownBlock(resnets, attention, last ? null : resampling(out, Resample.Kind.FIR_DOWN));
        }
        AttentionFactory attention = type == DownBlockType.ATTENTION ? attention(config.normNumGroups(), 1) : null;
        return new DownBlock(resnets, attention, last ? null : downsampler(type, out));
    }

    private @Nullable BlockPart downsampler(DownBlockType type, int channels) {
        boolean byType = type == DownBlockType.ATTENTION;
        if (type == DownBlockType.RESNET || byType && config.downsampleType().equals("resnet")) {
            return new ResnetBlock(plain(channels, channels, plainGroups(), Resample.Kind.DOWN));
        }
        return !byType || config.downsampleType().equals("conv")
                ? new Downsample(channels, config.downsamplePadding())
                : null;
    }

    /** The lowest part of the U; {@code null} where the config has none. */
    @Nullable
    MidBlock mid() {
        if (config.midBlockType() == null) {
            return null;
        }
        int channels = config.blockOutChannels().get(config.blockOutChannels().size() - 1);
        int groups = config.normNumGroups() != null ? config.normNumGroups() : Math.min(channels / 4, 32);
        ResnetBlock.Spec resnet = plain(channels, channels, groups, Resample.Kind.NONE)
                .with(s -> s.outputScale = config.midBlockScaleFactor());
        AttentionFactory attention =
                config.addAttention() ? attention(middleGroups(groups), config.midBlockScaleFactor()) : null;
        return new MidBlock(resnet, 1, attention);
    }

    private @Nullable Integer middleGroups(int groups) {
        if (config.attnNormNumGroups() != null) {
            return config.attnNormNumGroups();
        }
        return config.scaleShift() ? null : groups;
    }

    /**
     * @param in width of the level above, whose last skip this level joins
     * @param previous width of the level below
     * @param last whether this is the top level, which is not doubled
     */
    private Level up(UpBlockType type, int in, int previous, int out, boolean last) {
        int count = config.layersPerBlock() + 1;
        List<ResnetBlock.Spec> resnets = IntStream.range(0, count)
                .mapToObj(i -> up(type, i == 0 ? previous : out, i == count - 1 ? in : out, out))
                .toList();
        if (type.isSkip()) {
            AttentionFactory attention = type == UpBlockType.ATTENTION_SKIP ? skipAttention() : null;
            return new SkipUpBlock(resnets, attention, last ? null : resampling(out, Resample.Kind.FIR_UP));
        }
        AttentionFactory attention = type == UpBlockType.ATTENTION ? attention(config.normNumGroups(), 1) : null;
        return new UpBlock(resnets, attention, last ? null : upsampler(type, out));
    }

    /** A residual block on the way up; {@code joined} channels come from below, {@code skipped} from the skip. */
    private ResnetBlock.Spec up(UpBlockType type, int joined, int skipped, int out) {
        int in = joined + skipped;
        if (!type.isSkip()) {
            return plain(in, out, plainGroups(), Resample.Kind.NONE);
        }
        // AttnSkipUpBlock2D divides only the second term by four; its published weights depend on it
        return skip(
                in,
                out,
                type == UpBlockType.ATTENTION_SKIP ? Math.min(joined + skipped / 4, MAX_SKIP_GROUPS) : skipGroups(in));
    }

    private @Nullable BlockPart upsampler(UpBlockType type, int channels) {
        boolean byType = type == UpBlockType.ATTENTION;
        if (type == UpBlockType.RESNET || byType && config.upsampleType().equals("resnet")) {
            return new ResnetBlock(plain(channels, channels, plainGroups(), Resample.Kind.UP));
        }
        return !byType || config.upsampleType().equals("conv") ? new Upsample(channels) : null;
    }

    private AttentionFactory attention(@Nullable Integer groups, double outputScale) {
        return (channels, index) ->
                new PixelAttention(channels, config.headSize(channels), groups, config.normEps(), outputScale);
    }

    private AttentionFactory skipAttention() {
        return attention(SKIP_ATTENTION_GROUPS, SKIP_SCALE);
    }

    private ResnetBlock.Spec plain(int in, int out, int groups, Resample.Kind resample) {
        return spec.with(s -> {
            s.in = in;
            s.out = out;
            s.groups = groups;
            s.resample = resample;
        });
    }

    private ResnetBlock.Spec skip(int in, int out, int groups) {
        return plain(in, out, groups, Resample.Kind.NONE).with(s -> {
            s.groupsOut = skipGroups(out);
            s.outputScale = SKIP_SCALE;
        });
    }

    /** A residual block of skip blocks that halves or doubles. */
    private ResnetBlock.Spec resampling(int channels, Resample.Kind kind) {
        return skip(channels, channels, skipGroups(channels)).with(s -> {
            s.resample = kind;
            s.forceShortcut = true;
        });
    }

    private int plainGroups() {
        return Check.given(config.normNumGroups(), "norm_num_groups");
    }

    private static int skipGroups(int channels) {
        return Math.max(1, Math.min(channels / 4, MAX_SKIP_GROUPS));
    }
}
