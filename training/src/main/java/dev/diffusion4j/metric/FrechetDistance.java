// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The Fréchet distance of two normal distributions that are laid through two sets of features: FID, Heusel et al. (2017). Biased:
 * it falls with the number of pictures, so only figures of the same number can be compared.
 */
public final class FrechetDistance {
    private FrechetDistance() {}

    /**
     * |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2·(Σ₁Σ₂)^½).
     *
     * @param first {@code (N, D)}, N at least 2
     * @param second {@code (M, D)}, M at least 2
     */
    public static double of(Tensor first, Tensor second) {
        return of(FeatureMoments.of(first), FeatureMoments.of(second));
    }

    /**
     * The same of the moments of two sets, which may have been worked out part by part.
     *
     * @param first of at least 2 features
     * @param second of at least 2 features
     */
    public static double of(FeatureMoments first, FeatureMoments second) {
        Check.that(first.count() > 1 && second.count() > 1, "FID needs at least two pictures on either side");
        return TensorScope.compute(() -> {
            Tensor covarianceA = first.covariance();
            Tensor covarianceB = second.covariance();
            double means =
                    first.meanTensor().sub(second.meanTensor()).square().sum().item_double();
            double traces =
                    covarianceA.trace().item_double() + covarianceB.trace().item_double();
            return means + traces - 2 * traceOfRoot(covarianceA, covarianceB);
        });
    }

    /** tr((A·B)^½): the eigenvalues of A·B are those of the symmetric A^½·B·A^½, which are not negative but for rounding. */
    private static double traceOfRoot(Tensor a, Tensor b) {
        var decomposed = torch.linalg_eigh(a);
        Tensor values = decomposed.get0().clamp_min(new Scalar(0.0)).sqrt();
        Tensor root = decomposed.get1().mul(values).mm(decomposed.get1().t());
        Tensor symmetric = root.mm(b).mm(root);
        return torch.linalg_eigvalsh(symmetric)
                .clamp_min(new Scalar(0.0))
                .sqrt()
                .sum()
                .item_double();
    }
}
