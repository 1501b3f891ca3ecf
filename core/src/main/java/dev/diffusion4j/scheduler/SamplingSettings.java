// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;

/**
 * What one run asks of a scheduler.
 *
 * @param numInferenceSteps how many steps
 * @param eta share of fresh noise, for schedulers that take it (DDIM): 0 is deterministic, 1 is like DDPM
 * @param useClippedModelOutput whether DDIM derives ε̂ anew from the clipped x̂₀
 * @param sChurn Euler and Heun: noise added before each step; Karras et al. (2022), algorithm 2
 * @param sTmin lowest σ at which it is added
 * @param sTmax highest σ at which it is added
 * @param sNoise its scale
 */
public record SamplingSettings(
        int numInferenceSteps,
        double eta,
        boolean useClippedModelOutput,
        double sChurn,
        double sTmin,
        double sTmax,
        double sNoise) {

    public SamplingSettings {
        Check.positive(numInferenceSteps, "steps");
        Check.notNegative(eta, "eta");
        Check.notNegative(sChurn, "s_churn");
        Check.notNegative(sTmin, "s_tmin");
        Check.that(!Double.isNaN(sTmax), "s_tmax must be a number, but was NaN");
        Check.finite(sNoise, "s_noise");
    }

    /** No fresh noise but the algorithm's own. */
    public static SamplingSettings ofSteps(int numInferenceSteps) {
        return new SamplingSettings(numInferenceSteps, 0, false, 0, 0, Double.POSITIVE_INFINITY, 1);
    }

    /** With another η. */
    public SamplingSettings withEta(double value) {
        return new SamplingSettings(numInferenceSteps, value, useClippedModelOutput, sChurn, sTmin, sTmax, sNoise);
    }
}
