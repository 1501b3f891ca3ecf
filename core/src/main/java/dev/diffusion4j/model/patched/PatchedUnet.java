// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.patched;

import static org.bytedeco.pytorch.global.torch.pixel_shuffle;
import static org.bytedeco.pytorch.global.torch.pixel_unshuffle;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelFamily;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.model.SampleShape;
import dev.diffusion4j.model.unet2d.UNet2DConfig;
import dev.diffusion4j.model.unet2d.UNet2DModel;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A {@link UNet2DModel} that sees each patch of p×p pixels as one pixel of p² times the channels (space to depth, and back at the
 * end): it computes a quarter as much for p = 2. The idea is that of a vision transformer's patches, for a U-Net: Hoogeboom et al.
 * (2023), "simple diffusion". A picture's class can be dropped: "no class" has a row of its own in the table of classes, the last.
 * Weight names are those of the inner network, below {@code unet}.
 */
public final class PatchedUnet extends DiffusionModel {
    /** How files name it, and how it is made and fitted to data: as a {@link UNet2DModel} is. */
    public static final ModelFamily FAMILY = new ModelFamily(
            ModelClass.of("diffusion4j", "PatchedUnet", ModelRole.DENOISER),
            json -> new PatchedUnet(PatchedUnetConfig.of(Records.settings(json))),
            UNet2DConfig::fit);

    private final PatchedUnetConfig config;
    private final UNet2DModel unet;

    /** A network without content; {@link #initialize} it or read weights into it. */
    public PatchedUnet(PatchedUnetConfig config) {
        super(
                FAMILY.modelClass(),
                config.toMap(),
                new SampleShape(
                        config.unet().inChannels(),
                        config.unet().sampleSize(),
                        config.patchSize() * config.inner().sizeMultiple()));
        this.config = config;
        unet = child("unet", new UNet2DModel(config.inner()));
    }

    @Override
    public Tensor forward(Tensor sample, Tensor timestep, Conditioning conditioning) {
        return TensorScope.keepResult(() -> {
            Tensor patches = pixel_unshuffle(sample, config.patchSize());
            Tensor output = unet.forward(patches, timestep, classes(conditioning));
            return pixel_shuffle(output, config.patchSize());
        });
    }

    /** The classes, with the number of "no class" where they are dropped. */
    private Conditioning classes(Conditioning conditioning) {
        if (numClasses() == 0) {
            return conditioning;
        }
        Tensor labels = conditioning.classLabels();
        if (labels == null) {
            throw Problem.request("this network draws a class: give {class}");
        }
        Tensor keep = conditioning.keep();
        if (keep == null) {
            return Conditioning.ofClasses(labels);
        }
        Tensor dropped = keep.eq(new Scalar(0.0)).to(ScalarType.Bool);
        return Conditioning.ofClasses(labels.masked_fill(dropped, new Scalar((long) numClasses())));
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
        Integer classes = config.unet().numClassEmbeds();
        return classes == null ? 0 : classes;
    }

    @Override
    public boolean canDropContext() {
        return numClasses() > 0;
    }
}
