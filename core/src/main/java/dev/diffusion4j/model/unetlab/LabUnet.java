// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unetlab;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.GroupNorm;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.layer.SinusoidalProjection;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.SampleShape;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The network of a widespread course on generative models with diffusion: two halvings, a dense bottleneck, and before each of
 * the two enlarging blocks the context's embedding multiplies and the time's is added. A picture whose context is dropped
 * ({@link Conditioning#keep()}) gets zeros in its place, for classifier-free guidance: Ho &amp; Salimans (2022). Weight names as
 * there.
 */
public final class LabUnet extends DiffusionModel {
    /** How files name it, and how it is made and fitted to data. */
    public static final ModelFamily FAMILY = ModelFamily.of(
            ModelClass.of("diffusion4j", "LabUnet", ModelRole.DENOISER),
            LabUnetConfig.DEFAULT,
            LabUnet::new,
            draft -> draft.fillShape().fillClasses("context_dim").fill("num_train_timesteps", (long)
                    draft.target().numTrainTimesteps()));

    private static final double EPS = 1e-5;

    private final LabUnetConfig config;
    private final LabBlocks.Residual down0;
    private final LabBlocks.Down down1;
    private final LabBlocks.Down down2;
    private final Linear dense0;
    private final Linear dense2;
    private final Linear dense4;
    private final SinusoidalProjection time;
    private final LabBlocks.Embed time1;
    private final LabBlocks.Embed time2;
    private final LabBlocks.Embed context1;
    private final LabBlocks.Embed context2;
    private final GeluConv up0;
    private final LabBlocks.Up up1;
    private final LabBlocks.Up up2;
    private final Conv2d out0;
    private final GroupNorm out1;
    private final Conv2d out3;

    /** A network without content. */
    public LabUnet(LabUnetConfig config) {
        super(FAMILY.modelClass(), Records.toMap(config), new SampleShape(config.inChannels(), config.sampleSize(), 4));
        this.config = config;
        int c0 = config.channels(0);
        int c1 = config.channels(1);
        int c2 = config.channels(2);
        int latent = Math.toIntExact(config.latentFeatures());
        down0 = child("down0", new LabBlocks.Residual(config.inChannels(), c0, config.smallGroups()));
        down1 = child("down1", new LabBlocks.Down(c0, c1, config.bigGroups()));
        down2 = child("down2", new LabBlocks.Down(c1, c2, config.bigGroups()));
        dense0 = child("dense_emb.0", new Linear(latent, config.denseDim()));
        dense2 = child("dense_emb.2", new Linear(config.denseDim(), config.denseDim()));
        dense4 = child("dense_emb.4", new Linear(config.denseDim(), latent));
        time = child("sinusoidaltime", new SinusoidalProjection(config.timeEmbedDim(), false, 1));
        time1 = child("t_emb1", new LabBlocks.Embed(config.timeEmbedDim(), c2));
        time2 = child("t_emb2", new LabBlocks.Embed(config.timeEmbedDim(), c1));
        context1 = child("c_embed1", new LabBlocks.Embed(config.contextDim(), c2));
        context2 = child("c_embed2", new LabBlocks.Embed(config.contextDim(), c1));
        up0 = child("up0.1", new GeluConv(c2, c2, config.bigGroups()));
        up1 = child("up1", new LabBlocks.Up(c2, c1, config.bigGroups()));
        up2 = child("up2", new LabBlocks.Up(c1, c0, config.bigGroups()));
        out0 = child("out.0", Conv2d.same(2L * c0, c0));
        out1 = child("out.1", new GroupNorm(config.smallGroups(), c0, EPS));
        out3 = child("out.3", Conv2d.same(c0, config.inChannels()));
    }

    @Override
    public Tensor forward(Tensor sample, Tensor timestep, Conditioning conditioning) {
        return TensorScope.keepResult(() -> {
            long batch = sample.size(0);
            Tensor context = context(sample, conditioning);
            Tensor when = time.forward(timestep.div(new Scalar(config.numTrainTimesteps())))
                    .expand(batch, config.timeEmbedDim())
                    .to(Tensors.type(sample));
            Tensor first = down0.forward(sample);
            Tensor second = down1.forward(first);
            Tensor third = down2.forward(second);
            Tensor wide = up0.forward(bottleneck(third).view(third.sizes()));
            Tensor high = up1.forward(context1.forward(context).mul(wide).add_(time1.forward(when)), third);
            Tensor full = up2.forward(context2.forward(context).mul(high).add_(time2.forward(when)), second);
            Tensor last = out1.forward(out0.forward(cat(new TensorVector(full, first), 1)), null, Activation.RELU);
            return out3.forward(last);
        });
    }

    private Tensor bottleneck(Tensor third) {
        return TensorScope.keepResult(() -> {
            Tensor vector = Activation.GELU.apply(third.reshape(third.size(0), -1));
            Tensor narrow = Activation.RELU.apply(dense0.forward(vector));
            return Activation.RELU.apply(dense4.forward(Activation.RELU.apply(dense2.forward(narrow))));
        });
    }

    /** One-hot classes or given numbers, (B, contextDim), zeros where dropped. */
    private Tensor context(Tensor sample, Conditioning conditioning) {
        Tensor labels = conditioning.classLabels();
        if (labels == null) {
            throw Problem.request("this network draws a class: give {class}");
        }
        return TensorScope.keepResult(() -> {
            Tensor numbers = labels.dim() == 1 ? torch.one_hot(labels, config.contextDim()) : labels;
            Tensor context = numbers.to(Tensors.type(sample));
            Tensor keep = conditioning.keep();
            return keep == null
                    ? context
                    : context.mul(keep.to(Tensors.type(sample)).unsqueeze(1));
        });
    }

    @Override
    public int numClasses() {
        return config.contextDim();
    }

    @Override
    public boolean canDropContext() {
        return true;
    }
}
