// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance.loss;

import static org.bytedeco.pytorch.global.torch.log_softmax;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.guidance.GuidanceLoss;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.tensor.Resize;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** −ln of the probability that a classifier gives to a class: Dhariwal &amp; Nichol (2021), with a classifier of clean pictures. */
public final class ClassifierLoss implements GuidanceLoss {
    private static final long[] CHANNELS = {1};

    private final Classifier classifier;
    private final int label;

    /**
     * @param classifier borrowed
     * @param label from 0
     */
    public ClassifierLoss(Classifier classifier, int label) {
        this.classifier = classifier;
        this.label = Check.inRange(label, 0, classifier.numClasses() - 1, "the class of a classifier guidance");
    }

    @Override
    public Tensor perImage(Tensor pictures) {
        SampleSize size = classifier.sampleSize();
        int channels = classifier.inChannels();
        return TensorScope.keepResult(() -> {
            Tensor seen = pictures;
            if (pictures.size(1) != channels) {
                seen = channels == 1
                        ? pictures.mean(CHANNELS, true, new org.bytedeco.pytorch.ScalarTypeOptional())
                        : pictures.mean(CHANNELS, true, new org.bytedeco.pytorch.ScalarTypeOptional())
                                .repeat(1, channels, 1, 1);
            }
            if (seen.size(2) != size.height() || seen.size(3) != size.width()) {
                seen = Resize.BILINEAR.to(seen, size.height(), size.width());
            }
            Tensor scores = classifier.forward(seen.mul(new Scalar(2.0)).sub(new Scalar(1.0)));
            return log_softmax(scores, 1).select(1, label).neg();
        });
    }
}
