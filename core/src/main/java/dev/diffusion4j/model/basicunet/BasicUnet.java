// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.basicunet;

import static org.bytedeco.pytorch.global.torch.max_pool2d;

import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Resample;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.ConfigDraft;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.SampleShape;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * The smallest U-Net: six convolutions 5×5 with SiLU after each (the last too), skips that are added, no time: the Hugging Face
 * diffusion course, unit 1, "diffusion models from scratch". It predicts the clean picture; timestep and condition are ignored.
 */
public final class BasicUnet extends DiffusionModel {
    /** How files name it, and how it is made and fitted to data. */
    public static final ModelFamily FAMILY = ModelFamily.of(
            ModelClass.of("diffusion4j", "BasicUnet", ModelRole.DENOISER),
            BasicUnetConfig.DEFAULT,
            BasicUnet::new,
            ConfigDraft::fillShape);

    private static final int KERNEL = 5;

    private final List<Conv2d> down;
    private final List<Conv2d> up;

    /** A network without content. */
    public BasicUnet(BasicUnetConfig config) {
        super(FAMILY.modelClass(), Records.toMap(config), new SampleShape(config.inChannels(), config.sampleSize(), 4));
        down = children("down_layers", List.of(wide(config.inChannels(), 32), wide(32, 64), wide(64, 64)));
        up = children("up_layers", List.of(wide(64, 64), wide(64, 32), wide(32, config.inChannels())));
    }

    private static Conv2d wide(int in, int out) {
        return new Conv2d(in, out, KERNEL, 1, KERNEL / 2);
    }

    @Override
    public Tensor forward(Tensor sample, Tensor timestep, Conditioning conditioning) {
        return TensorScope.keepResult(() -> {
            Deque<Tensor> skips = new ArrayDeque<>();
            Tensor x = sample;
            for (Conv2d layer : down) {
                x = Activation.SILU.applyToTemporary(layer.forward(x));
                if (skips.size() < 2) {
                    skips.push(x);
                    x = max_pool2d(x, 2);
                }
            }
            for (Conv2d layer : up) {
                if (layer != up.get(0)) {
                    x = Resample.nearestUp(x).add_(skips.pop());
                }
                x = Activation.SILU.applyToTemporary(layer.forward(x));
            }
            return x;
        });
    }

    @Override
    public int numClasses() {
        return 0;
    }
}
