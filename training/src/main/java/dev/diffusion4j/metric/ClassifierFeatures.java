// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** The layer before the last of your own classifier: for data that Inception's thousand classes do not describe. */
public final class ClassifierFeatures implements FeatureExtractor {
    private final Classifier classifier;
    private final String weightsHash;
    private final PictureResize resize;

    /**
     * @param classifier owned: {@link #close} closes it
     * @param weightsHash SHA-256 of its file
     */
    public ClassifierFeatures(Classifier classifier, String weightsHash) {
        this(classifier, weightsHash, PictureResize.CLEAN);
    }

    /** With another way of resizing. */
    public ClassifierFeatures(Classifier classifier, String weightsHash, PictureResize resize) {
        this.classifier = classifier;
        this.weightsHash = weightsHash;
        this.resize = resize;
    }

    @Override
    public Tensor features(Tensor picturesUnit) {
        return TensorScope.keepResult(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                return classifier.features(input(classifier, picturesUnit, resize));
            }
        });
    }

    /** Pictures (B, C, H, W) in [0, 1] as the classifier expects them: its channels and size, values in [−1, 1]. */
    static Tensor input(Classifier classifier, Tensor picturesUnit, PictureResize resize) {
        return TensorScope.keepResult(() -> {
            SampleSize size = classifier.sampleSize();
            Tensor channels = PictureChannels.to(picturesUnit, classifier.inChannels());
            Tensor sized = resize.apply(channels, size.height(), size.width());
            return sized.mul(new Scalar(2.0)).sub(new Scalar(1.0));
        });
    }

    @Override
    public String name() {
        return classifier.featuresName();
    }

    @Override
    public String weightsHash() {
        return weightsHash;
    }

    @Override
    public int size() {
        return classifier.sampleSize().height();
    }

    @Override
    public PictureResize resize() {
        return resize;
    }

    @Override
    public void close() {
        classifier.close();
    }
}
