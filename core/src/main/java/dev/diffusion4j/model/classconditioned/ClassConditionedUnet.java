// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.classconditioned;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.Embedding;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.SampleShape;
import dev.diffusion4j.model.unet2d.UNet2DModel;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * A {@link UNet2DModel} whose input has, behind the sample's channels, the learnt numbers of the class, each spread over a whole
 * channel: the class-conditioned network of the Hugging Face diffusion course, unit 2. Weight names as there: {@code class_emb},
 * {@code model}.
 */
public final class ClassConditionedUnet extends DiffusionModel {
    /** How files name it, and how it is made and fitted to data. */
    public static final ModelFamily FAMILY = ModelFamily.of(
            ModelClass.of("diffusion4j", "ClassConditionedUnet", ModelRole.DENOISER),
            ClassConditionedConfig.DEFAULT,
            ClassConditionedUnet::new,
            new ClassConditionedFit());

    private final ClassConditionedConfig config;
    private final Embedding classEmbedding;
    private final UNet2DModel unet;

    /** A network without content. */
    public ClassConditionedUnet(ClassConditionedConfig config) {
        super(
                FAMILY.modelClass(),
                Records.toMap(config),
                new SampleShape(
                        config.unet().inChannels() - config.classEmbSize(),
                        config.unet().sampleSize(),
                        config.unet().sizeMultiple()));
        this.config = config;
        classEmbedding = child("class_emb", new Embedding(config.numClasses(), config.classEmbSize()));
        unet = child("model", new UNet2DModel(config.unet()));
    }

    @Override
    public Tensor forward(Tensor sample, Tensor timestep, Conditioning conditioning) {
        Tensor labels = conditioning.classLabels();
        if (labels == null) {
            throw Problem.request("this network draws a class: give {class}");
        }
        return TensorScope.keepResult(() -> {
            Tensor planes = classEmbedding
                    .forward(labels)
                    .view(sample.size(0), config.classEmbSize(), 1, 1)
                    .expand(sample.size(0), config.classEmbSize(), sample.size(2), sample.size(3));
            return unet.forward(cat(new TensorVector(sample, planes), 1), timestep, Conditioning.NONE);
        });
    }

    @Override
    public String weightName(String fileName) {
        return unet.weightName(fileName);
    }

    @Override
    public int outChannels() {
        return config.unet().outChannels();
    }

    @Override
    public int numClasses() {
        return config.numClasses();
    }
}
