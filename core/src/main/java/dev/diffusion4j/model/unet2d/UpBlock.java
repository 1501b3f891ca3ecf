// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unet2d;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.Attention;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.GroupNorm;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.Resample;
import dev.diffusion4j.layer.ResnetBlock;
import dev.diffusion4j.layer.Upsample;
import dev.diffusion4j.model.unet2d.UNet2DConfig.UpBlockType;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** One level on the way up, of any type: residual blocks, each joined with a skip, attention where the type says so, doubling. */
final class UpBlock extends Layer {
    private static final int SKIP_ATTENTION_GROUPS = 32;
    private static final int SKIP_CHANNELS = 3;

    private final boolean carriesSkipSample;
    private final List<ResnetBlock> resnets = new ArrayList<>();
    private final List<Attention> attentions = new ArrayList<>();
    private @Nullable Upsample upsample;
    private @Nullable ResnetBlock resnetUp;
    private @Nullable GroupNorm skipNorm;
    private @Nullable Conv2d skipConv;

    /**
     * @param in width of the level above, whose last skip this level joins
     * @param previous width of the level below
     * @param last whether this is the top level, which is not doubled
     */
    UpBlock(UNet2DConfig config, UpBlockType type, int in, int previous, int out, boolean last) {
        carriesSkipSample = type.isSkip();
        BlockSpecs specs = new BlockSpecs(config, type.isSkip());
        int count = config.layersPerBlock() + 1;
        for (int i = 0; i < count; i++) {
            ResnetBlock.Spec spec = specs.up(
                    i == 0 ? previous : out, i == count - 1 ? in : out, out, type == UpBlockType.ATTENTION_SKIP);
            resnets.add(child("resnets." + i, new ResnetBlock(spec)));
            if (type == UpBlockType.ATTENTION) {
                attentions.add(child("attentions." + i, specs.attention(out, config.normNumGroups())));
            }
        }
        if (type == UpBlockType.ATTENTION_SKIP) {
            attentions.add(child("attentions.0", specs.attention(out, SKIP_ATTENTION_GROUPS)));
        }
        if (last) {
            return;
        }
        if (type.isSkip()) {
            ResnetBlock.Spec up = specs.resampling(out, Resample.Kind.FIR_UP);
            resnetUp = child("resnet_up", new ResnetBlock(up));
            skipConv = child("skip_conv", Conv2d.same(out, SKIP_CHANNELS));
            skipNorm = child("skip_norm", new GroupNorm(up.groups(), out, config.normEps()));
        } else if (type == UpBlockType.RESNET
                || type == UpBlockType.ATTENTION && config.upsampleType().equals("resnet")) {
            resnetUp = child("upsamplers.0", new ResnetBlock(specs.resampling(out, Resample.Kind.UP)));
        } else if (type == UpBlockType.UP || config.upsampleType().equals("conv")) {
            upsample = child("upsamplers.0", new Upsample(out));
        }
    }

    void forward(UNetState state) {
        for (int i = 0; i < resnets.size(); i++) {
            ResnetBlock resnet = resnets.get(i);
            state.applyJoined(joined -> resnet.forward(joined, state.activatedTime));
            if (attentions.size() == resnets.size()) {
                state.apply(attentions.get(i)::forward);
            }
        }
        if (carriesSkipSample) {
            if (!attentions.isEmpty()) {
                state.apply(attentions.get(0)::forward);
            }
            growSkipSample(state);
        }
        Upsample up = upsample;
        ResnetBlock blockUp = resnetUp;
        if (up != null) {
            state.apply(up::forward);
        } else if (blockUp != null) {
            state.apply(hidden -> blockUp.forward(hidden, state.activatedTime));
        }
    }

    private void growSkipSample(UNetState state) {
        Tensor below = state.skipSample;
        Conv2d conv = skipConv;
        GroupNorm norm = skipNorm;
        if (below == null && conv == null) {
            return;
        }
        state.skipSample = TensorScope.keepResult(() -> {
            Tensor carried = below == null ? null : Resample.firUp(below);
            if (conv == null || norm == null) {
                return java.util.Objects.requireNonNull(carried);
            }
            Tensor own = conv.forward(norm.forward(state.hidden(), null, Activation.SILU));
            return carried == null ? own : carried.add(own);
        });
    }
}
