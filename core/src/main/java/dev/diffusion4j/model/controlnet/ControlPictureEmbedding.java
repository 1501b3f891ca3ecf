// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.controlnet;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Convolutions that bring a control picture to the size and the width of a U-Net's first features. */
final class ControlPictureEmbedding extends Layer {
    private final Conv2d convIn;
    private final List<Conv2d> blocks;
    private final Conv2d convOut;
    private final boolean isBlueFirst;

    ControlPictureEmbedding(ControlNetConfig config) {
        List<Integer> widths = config.conditioningEmbeddingOutChannels();
        isBlueFirst = config.controlnetConditioningChannelOrder() == ControlNetConfig.ChannelOrder.BGR;
        convIn = child("conv_in", Conv2d.same(config.conditioningChannels(), widths.get(0)));
        List<Conv2d> halving = new ArrayList<>();
        for (int i = 0; i < widths.size() - 1; i++) {
            halving.add(Conv2d.same(widths.get(i), widths.get(i)));
            halving.add(new Conv2d(widths.get(i), widths.get(i + 1), 3, 2, 1));
        }
        blocks = children("blocks", halving);
        int first = config.blockOutChannels().get(0);
        convOut = child("conv_out", Conv2d.same(widths.get(widths.size() - 1), first));
    }

    /**
     * @param picture (B, C, H, W), red first
     * @return (B, C', H / 2ⁿ, W / 2ⁿ), a new tensor
     */
    Tensor forward(Tensor picture) {
        return TensorScope.keepResult(() -> {
            Tensor features = active(convIn, isBlueFirst ? picture.flip(1) : picture);
            for (Conv2d block : blocks) {
                features = active(block, features);
            }
            return convOut.forward(features);
        });
    }

    private static Tensor active(Conv2d conv, Tensor sample) {
        return TensorScope.keepResult(() -> Activation.SILU.applyToTemporary(conv.forward(sample)));
    }
}
