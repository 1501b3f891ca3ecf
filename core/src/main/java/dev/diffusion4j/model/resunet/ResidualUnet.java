// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.resunet;

import static org.bytedeco.pytorch.global.torch.avg_pool2d;
import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.linspace;

import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Init;
import dev.diffusion4j.layer.Resample;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.ConfigDraft;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.SampleShape;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A U-Net of residual blocks that is given the variance of the noise, not a timestep, and only at its input; it has no attention:
 * the network of the Keras example "Denoising Diffusion Implicit Models". The prediction is zero before training.
 */
public final class ResidualUnet extends DiffusionModel {
    /** How files name it, and how it is made and fitted to data. */
    public static final ModelFamily FAMILY = ModelFamily.of(
            ModelClass.of("diffusion4j", "ResidualUnet", ModelRole.DENOISER),
            ResidualUnetConfig.DEFAULT,
            ResidualUnet::new,
            ConfigDraft::fillShape);

    private final ResidualUnetConfig config;
    private final Tensor frequencies;
    private final Conv2d convIn;
    private final List<List<ResidualBlock>> down = new ArrayList<>();
    private final List<ResidualBlock> middle;
    private final List<List<ResidualBlock>> up = new ArrayList<>();
    private final Conv2d convOut;

    /** A network without content. */
    public ResidualUnet(ResidualUnetConfig config) {
        super(
                FAMILY.modelClass(),
                Records.toMap(config),
                new SampleShape(config.inChannels(), config.sampleSize(), 1 << config.halvings()));
        this.config = config;
        List<Integer> widths = config.blockOutChannels();
        frequencies = TensorScope.ownResult(() -> frequencies(config));
        convIn = child("conv_in", Conv2d.pointwise(config.inChannels(), widths.get(0)));
        Deque<Integer> skips = new ArrayDeque<>();
        int in = widths.get(0) + config.embeddingDim();
        for (int level = 0; level < config.halvings(); level++) {
            down.add(blocks("down_blocks." + level, in, widths.get(level), skips));
            in = widths.get(level);
        }
        middle = blocks("mid_blocks", in, widths.get(config.halvings()), new ArrayDeque<>());
        in = widths.get(config.halvings());
        for (int i = 0; i < config.halvings(); i++) {
            int out = widths.get(config.halvings() - 1 - i);
            List<ResidualBlock> blocks = new ArrayList<>();
            for (int k = 0; k < config.layersPerBlock(); k++) {
                blocks.add(new ResidualBlock(in + skips.pop(), out));
                in = out;
            }
            up.add(children("up_blocks." + i, blocks));
        }
        convOut = child("conv_out", Conv2d.pointwise(in, config.inChannels()));
    }

    private List<ResidualBlock> blocks(String name, int in, int out, Deque<Integer> skips) {
        List<ResidualBlock> blocks = new ArrayList<>();
        for (int k = 0; k < config.layersPerBlock(); k++) {
            blocks.add(new ResidualBlock(k == 0 ? in : out, out));
            skips.push(out);
        }
        return children(name, blocks);
    }

    /** From 1 to the highest, evenly spaced in their logarithms; (1, D/2, 1, 1). In f32 from the start, as the lesson has it. */
    private static Tensor frequencies(ResidualUnetConfig config) {
        Scalar highest = new Scalar(Math.log(config.embeddingMaxFrequency()));
        return linspace(new Scalar(0.0), highest, config.embeddingDim() / 2, new TensorOptions(ScalarType.Float))
                .exp()
                .view(1, -1, 1, 1);
    }

    /** {@code timestep} is the variance of the noise, in [0, 1]. */
    @Override
    public Tensor forward(Tensor sample, Tensor timestep, Conditioning conditioning) {
        return TensorScope.keepResult(() -> {
            Tensor first = convIn.forward(sample);
            Tensor x = laidOut(cat(new TensorVector(first, embedding(first, timestep)), 1));
            Deque<Tensor> skips = new ArrayDeque<>();
            for (List<ResidualBlock> blocks : down) {
                for (ResidualBlock block : blocks) {
                    x = block.forward(x);
                    skips.push(x);
                }
                x = avg_pool2d(x, 2);
            }
            for (ResidualBlock block : middle) {
                x = block.forward(x);
            }
            for (List<ResidualBlock> blocks : up) {
                x = Resample.bilinearUp(x);
                for (ResidualBlock block : blocks) {
                    x = block.forward(cat(new TensorVector(x, skips.pop()), 1));
                }
            }
            return convOut.forward(x);
        });
    }

    /** Sines and cosines of 2π·f·variance, each spread over a channel. */
    private Tensor embedding(Tensor sample, Tensor variance) {
        return TensorScope.keepResult(() -> {
            Tensor angles = frequencies
                    .to(sample.device(), ScalarType.Float)
                    .mul(new Scalar(2 * Math.PI))
                    .mul(variance.view(-1, 1, 1, 1));
            return cat(new TensorVector(angles.sin(), angles.cos()), 1)
                    .expand(sample.size(0), config.embeddingDim(), sample.size(2), sample.size(3))
                    .to(Tensors.type(sample));
        });
    }

    @Override
    protected void initializeAfterParts(RandomStream random) {
        Init.glorotConvolutions(this, random);
        TensorScope.run(() -> Init.fill(convOut.weight(), 0));
    }

    @Override
    public int numClasses() {
        return 0;
    }

    @Override
    public void close() {
        frequencies.close();
        super.close();
    }
}
