// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.PredictionType;

/** The weight of one example in the mean, from what its noisy picture is made of. */
@FunctionalInterface
public interface LossWeighting {
    /** All alike. */
    LossWeighting UNIFORM = (signal, noise, type) -> 1;

    /**
     * The weight at a noise level.
     *
     * @param signal the clean picture's share, see {@link dev.diffusion4j.scheduler.Scheduler#signalRate}
     * @param noise the noise's share
     * @param type what the network predicts
     */
    double weight(double signal, double noise, PredictionType type);

    /**
     * Min-SNR-γ of Hang et al. (2023); γ = 5 in the paper. The loss of the clean picture has the weight min(SNR, γ); that of the
     * prediction has it times the square of what the clean picture changes by with the prediction. Where nothing of the picture is
     * left (SNR 0) this is the limit: 1 for the noise.
     */
    static LossWeighting minSnr(double gamma) {
        Check.positive(gamma, "gamma");
        return (signal, noise, type) -> {
            double snr = snr(signal, noise);
            double clipped = Math.min(snr, gamma);
            return switch (type) {
                case EPSILON -> Math.min(1, gamma / snr);
                case SAMPLE -> clipped;
                case V_PREDICTION -> clipped / (snr + 1);
                case FLOW_PREDICTION -> clipped / Math.pow(1 + Math.sqrt(snr), 2);
                case SCORE -> noise * noise * Math.min(1, gamma / snr);
            };
        };
    }

    /** ᾱ/(1−ᾱ): diffusers' example script where the clean sample is predicted. */
    static LossWeighting snr() {
        return (signal, noise, type) -> snr(signal, noise);
    }

    private static double snr(double signal, double noise) {
        double ratio = signal / noise;
        return ratio * ratio;
    }
}
