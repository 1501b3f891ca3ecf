// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2d;

import dev.diffusion4j.layer.Attention;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Downsample;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.Resample;
import dev.diffusion4j.layer.ResnetBlock;
import dev.diffusion4j.model.unet2d.UNet2DConfig.DownBlockType;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** One level on the way down, of any type: residual blocks, each followed by attention where the type says so, then halving. */
final class DownBlock extends Layer {
    private static final int SKIP_ATTENTION_GROUPS = 32;
    private static final int SKIP_CHANNELS = 3;

    private final List<ResnetBlock> resnets = new ArrayList<>();
    private final List<Attention> attentions = new ArrayList<>();
    private @Nullable Downsample downsample;
    private @Nullable ResnetBlock resnetDown;
    private @Nullable Conv2d skipConv;

    /** @param last whether this is the lowest level, which is not halved */
    DownBlock(UNet2DConfig config, DownBlockType type, int in, int out, boolean last) {
        BlockSpecs specs = new BlockSpecs(config, type.isSkip());
        for (int i = 0; i < config.layersPerBlock(); i++) {
            resnets.add(child("resnets." + i, new ResnetBlock(specs.down(i == 0 ? in : out, out))));
            if (type == DownBlockType.ATTENTION) {
                attentions.add(child("attentions." + i, specs.attention(out, config.normNumGroups())));
            } else if (type == DownBlockType.ATTENTION_SKIP) {
                attentions.add(child("attentions." + i, specs.attention(out, SKIP_ATTENTION_GROUPS)));
            }
        }
        if (last) {
            return;
        }
        if (type.isSkip()) {
            resnetDown = child("resnet_down", new ResnetBlock(specs.resampling(out, Resample.Kind.FIR_DOWN)));
            skipConv = child("skip_conv", Conv2d.pointwise(SKIP_CHANNELS, out));
        } else if (type == DownBlockType.RESNET
                || type == DownBlockType.ATTENTION && config.downsampleType().equals("resnet")) {
            resnetDown = child("downsamplers.0", new ResnetBlock(specs.resampling(out, Resample.Kind.DOWN)));
        } else if (type == DownBlockType.DOWN || config.downsampleType().equals("conv")) {
            downsample = child("downsamplers.0", new Downsample(out, config.downsamplePadding()));
        }
    }

    void forward(UNetState state) {
        for (int i = 0; i < resnets.size(); i++) {
            ResnetBlock resnet = resnets.get(i);
            state.apply(hidden -> resnet.forward(hidden, state.activatedTime));
            if (!attentions.isEmpty()) {
                state.apply(attentions.get(i)::forward);
            }
            state.pushSkip();
        }
        Downsample down = downsample;
        ResnetBlock blockDown = resnetDown;
        if (down != null) {
            state.apply(down::forward);
            state.pushSkip();
        } else if (blockDown != null) {
            state.apply(hidden -> blockDown.forward(hidden, state.activatedTime));
            addSkipSample(state);
            state.pushSkip();
        }
    }

    private void addSkipSample(UNetState state) {
        Conv2d conv = skipConv;
        Tensor skip = state.skipSample;
        if (conv == null) {
            return;
        }
        if (skip == null) {
            throw new IllegalStateException("skip blocks need the input sample");
        }
        Tensor half = Resample.firDown(skip);
        state.skipSample = half;
        state.apply(hidden -> TensorScope.keepResult(() -> {
            Tensor projected = conv.forward(half);
            return GradMode.is_enabled() ? projected.add(hidden) : projected.add_(hidden);
        }));
    }
}
