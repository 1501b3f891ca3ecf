// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.tensor.TensorScope;
import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * How differently a classifier sees two pictures: the squared distance of its activations, each pixel's brought to length 1, the mean
 * over pixels, summed over its layers. Zhang et al. (2018) without their learnt weights, by a classifier of the same kind of pictures.
 */
final class FeatureDistance {
    private static final double TINY = 1e-10;

    private final Classifier classifier;

    /** @param classifier borrowed; it does not learn */
    FeatureDistance(Classifier classifier) {
        this.classifier = classifier;
    }

    /**
     * @param pictures (B, C, H, W) in [−1, 1], which get no gradient
     * @param others of the same shape
     * @return the mean over the pictures, a scalar {@code float32} owned by the current scope
     */
    Tensor between(Tensor pictures, Tensor others) {
        return TensorScope.keepResult(() -> {
            List<Tensor> wanted = seen(pictures);
            List<Tensor> found = classifier.maps(others);
            Tensor sum = null;
            for (int i = 0; i < wanted.size(); i++) {
                Tensor distance = unit(found.get(i))
                        .sub(unit(wanted.get(i)))
                        .square()
                        .sum(1)
                        .mean();
                sum = sum == null ? distance : sum.add(distance);
            }
            return java.util.Objects.requireNonNull(sum);
        });
    }

    private List<Tensor> seen(Tensor pictures) {
        try (NoGradGuard guard = new NoGradGuard()) {
            return classifier.maps(pictures);
        }
    }

    private static Tensor unit(Tensor map) {
        Tensor exact = map.to(ScalarType.Float);
        Tensor squares = exact.square().sum(new long[] {1}, true, new org.bytedeco.pytorch.ScalarTypeOptional());
        return exact.mul(squares.add(new Scalar(TINY)).rsqrt());
    }
}
