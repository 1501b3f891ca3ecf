// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.sigma;

import dev.diffusion4j.scheduler.StepOptions;
import dev.diffusion4j.tensor.NoiseSource;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Noise added before an Euler step, so that errors are forgotten: Karras et al. (2022), algorithm 2, lines 4 to 6. */
final class Churn {
    private static final double MOST = Math.sqrt(2) - 1;

    private Churn() {}

    /** σ̂ ≥ σ, the level that the sample is raised to in a run of so many steps. */
    static double sigmaHat(StepOptions options, double sigma, int steps) {
        Double most = options.sTmax();
        boolean within = options.sTmin() <= sigma && (most == null || sigma <= most);
        return sigma * (1 + (within ? Math.min(options.sChurn() / steps, MOST) : 0));
    }

    /** {@code sample} itself where the level stays, or a new tensor. */
    static Tensor raise(StepOptions options, Tensor sample, double sigma, double sigmaHat, NoiseSource noise) {
        if (sigmaHat <= sigma) {
            return sample;
        }
        double std = Math.sqrt(sigmaHat * sigmaHat - sigma * sigma);
        return sample.add(noise.like(sample), new Scalar(options.sNoise() * std));
    }
}
