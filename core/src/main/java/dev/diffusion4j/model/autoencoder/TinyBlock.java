// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.autoencoder;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.BlockInput;
import dev.diffusion4j.layer.BlockPart;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;

/** Three convolutions beside the input, and max(x, 0) of the sum. Names are those of diffusers' {@code AutoencoderTinyBlock}. */
final class TinyBlock extends BlockPart {
    private final Conv2d conv1;
    private final Conv2d conv2;
    private final Conv2d conv3;
    private final Activation activation;

    TinyBlock(int channels, Activation activation) {
        this.activation = activation;
        conv1 = child("conv.0", Conv2d.same(channels, channels));
        conv2 = child("conv.2", Conv2d.same(channels, channels));
        conv3 = child("conv.4", Conv2d.same(channels, channels));
    }

    @Override
    public Tensor forward(Tensor sample, BlockInput input) {
        return TensorScope.keepResult(() -> {
            Tensor hidden = activated(conv2, activated(conv1, sample));
            return Activation.RELU.applyToTemporary(conv3.forwardPlus(hidden, sample, false));
        });
    }

    private Tensor activated(Conv2d conv, Tensor sample) {
        return TensorScope.keepResult(() -> activation.applyToTemporary(conv.forward(sample)));
    }
}
