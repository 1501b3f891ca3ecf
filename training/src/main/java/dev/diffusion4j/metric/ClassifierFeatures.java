// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.classifier.ConvClassifier;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** The layer before the last of a classifier of one's own: for data that Inception's thousand classes do not describe. */
public final class ClassifierFeatures implements FeatureExtractor {
    private final ConvClassifier classifier;
    private final String weightsHash;

    /**
     * @param classifier owned: {@link #close} closes it
     * @param weightsHash SHA-256 of its file
     */
    public ClassifierFeatures(ConvClassifier classifier, String weightsHash) {
        this.classifier = classifier;
        this.weightsHash = weightsHash;
    }

    @Override
    public Tensor features(Tensor picturesUnit) {
        return TensorScope.keepResult(() -> {
            try (NoGradGuard guard = new NoGradGuard()) {
                SampleSize size = classifier.typedConfig().sampleSize();
                Tensor pictures = resize().apply(picturesUnit, size.height(), size.width());
                return classifier.features(pictures.mul(new Scalar(2.0)).sub(new Scalar(1.0)));
            }
        });
    }

    @Override
    public String name() {
        return "conv-classifier";
    }

    @Override
    public String weightsHash() {
        return weightsHash;
    }

    @Override
    public int size() {
        return classifier.typedConfig().sampleSize().height();
    }

    @Override
    public void close() {
        classifier.close();
    }
}
