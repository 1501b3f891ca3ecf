// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightLoader;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.model.inception.InceptionConfig;
import dev.diffusion4j.model.inception.InceptionV3;
import dev.diffusion4j.model.inception.InceptionVariant;
import dev.diffusion4j.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** InceptionV3's 2048 features, which FID and KID are commonly measured in. */
public final class InceptionFeatures implements FeatureExtractor {
    /** What the network was trained on, and what all published figures use. */
    public static final int USUAL_SIZE = 299;

    /** Where the weights come from, for messages. */
    public static final String HOW_TO_GET =
            "pt_inception-2015-12-05-6726825d.pth from the releases of github.com/mseitzer/pytorch-fid, or torchvision's"
                    + " inception_v3_google-0cc3c7bd.pth from download.pytorch.org/models";

    private static final int FID_CLASSES = 1008;

    private final InceptionV3 network;
    private final InceptionVariant variant;
    private final String weightsHash;
    private final int size;
    private final PictureResize resize;

    /** @param network owned: {@link #close} closes it */
    InceptionFeatures(
            InceptionV3 network, InceptionVariant variant, String weightsHash, int size, PictureResize resize) {
        this.network = network;
        this.variant = variant;
        this.weightsHash = weightsHash;
        this.size = Check.inRange(size, InceptionV3.SMALLEST, 4096, "feature-size");
        this.resize = resize;
    }

    /**
     * Reads weights of torchvision, pytorch-fid or torch-fidelity ({@code .pth}), or the same as safetensors.
     *
     * @param variant {@code null}: recognised by the last layer, which has 1008 classes in the FID's and 1000 in torchvision's
     * @param size the side of the squares it looks at, at least 75
     * @throws Problem (a failure) where there is no such file, or it holds something else
     */
    public static InceptionFeatures open(
            Path file, @Nullable InceptionVariant variant, int size, PictureResize resize) {
        if (!Files.isRegularFile(file)) {
            throw Problem.failure("there is no file " + file + " with the weights of InceptionV3; they are "
                    + HOW_TO_GET + ". Nothing is downloaded by itself");
        }
        try (WeightSource weights = WeightFiles.openFile(file)) {
            InceptionVariant found = variant == null ? variantOf(weights, file) : variant;
            InceptionV3 network = new InceptionV3(new InceptionConfig(found));
            try {
                WeightLoader.load(weights, network.stateDict(), name -> name, network::isIgnored);
                network.channelsLast(true);
                return new InceptionFeatures(network, found, Hashes.sha256(file), size, resize);
            } catch (Throwable e) {
                network.close();
                throw e;
            }
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    private static InceptionVariant variantOf(WeightSource weights, Path file) {
        TensorInfo classes = weights.tensors().get("fc.weight");
        if (classes == null) {
            throw Problem.request(file + " does not say whose InceptionV3 it is, because it has no fc.weight: give"
                    + " {inceptionVariant} fid or torchvision");
        }
        return classes.sizes()[0] == FID_CLASSES ? InceptionVariant.FID : InceptionVariant.TORCHVISION;
    }

    @Override
    public Tensor features(Tensor picturesUnit) {
        return TensorScope.keepResult(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return network.features(input(picturesUnit));
            }
        });
    }

    /** In about [−1, 1]: clean-fid takes (x − 128)/128 of levels x, all others (x − 127.5)/127.5. */
    private Tensor input(Tensor picturesUnit) {
        Tensor sized = resize.apply(PictureChannels.to(picturesUnit, 3), size, size);
        return variant == InceptionVariant.FID && resize == PictureResize.CLEAN
                ? sized.mul(new Scalar(255 / 128.0)).sub(new Scalar(1.0))
                : sized.mul(new Scalar(2.0)).sub(new Scalar(1.0));
    }

    @Override
    public String name() {
        return "inception-v3-" + variant.key();
    }

    @Override
    public String weightsHash() {
        return weightsHash;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public PictureResize resize() {
        return resize;
    }

    @Override
    public void close() {
        network.close();
    }
}
