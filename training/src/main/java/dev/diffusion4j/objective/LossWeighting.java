// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.PredictionType;

/** The weight of one example in the mean, from its signal-to-noise ratio. */
@FunctionalInterface
public interface LossWeighting {
    /** All alike. */
    LossWeighting UNIFORM = (snr, type) -> 1;

    double weight(double snr, PredictionType type);

    /** Min-SNR-γ of Hang et al. (2023); γ = 5 in the paper. */
    static LossWeighting minSnr(double gamma) {
        Check.positive(gamma, "gamma");
        return (snr, type) -> {
            double clipped = Math.min(snr, gamma);
            return switch (type) {
                case EPSILON -> clipped / snr;
                case SAMPLE -> clipped;
                case V_PREDICTION, FLOW_PREDICTION -> clipped / (snr + 1);
                case SCORE -> clipped / (snr * snr);
            };
        };
    }

    /** ᾱ/(1−ᾱ): diffusers' example script where the clean sample is predicted. */
    static LossWeighting snr() {
        return (snr, type) -> snr;
    }
}
