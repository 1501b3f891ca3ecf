// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import org.jspecify.annotations.Nullable;

/**
 * What one run asks of a scheduler.
 *
 * @param numInferenceSteps how many steps
 * @param eta share of fresh noise, for schedulers that take it (DDIM): 0 is deterministic, 1 is like DDPM
 * @param useClippedModelOutput whether DDIM derives ε̂ anew from the clipped x̂₀
 * @param sChurn Euler and EDM Euler: noise added before each step; Karras et al. (2022), algorithm 2
 * @param sTmin lowest σ at which it is added
 * @param sTmax highest σ at which it is added
 * @param sNoise its scale
 * @param mu how far a flow's levels are moved towards noise, where the config has {@code use_dynamic_shifting}; else {@code null}
 */
public record SamplingSettings(
        int numInferenceSteps,
        double eta,
        boolean useClippedModelOutput,
        double sChurn,
        double sTmin,
        double sTmax,
        double sNoise,
        @Nullable Double mu) {

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
        return new SamplingSettings(numInferenceSteps, 0, false, 0, 0, Double.POSITIVE_INFINITY, 1, null);
    }

    /** With another η. */
    public SamplingSettings withEta(double value) {
        return new SamplingSettings(numInferenceSteps, value, useClippedModelOutput, sChurn, sTmin, sTmax, sNoise, mu);
    }

    /** With another shift. */
    public SamplingSettings withMu(double value) {
        return new SamplingSettings(
                numInferenceSteps, eta, useClippedModelOutput, sChurn, sTmin, sTmax, sNoise, Check.finite(value, "mu"));
    }

    /** With noise added before each step; see the parameters of the record. */
    public SamplingSettings withChurn(double churn, double tmin, double tmax, double noise) {
        return new SamplingSettings(numInferenceSteps, eta, useClippedModelOutput, churn, tmin, tmax, noise, mu);
    }

    /**
     * {@link #mu()} for a flow.
     *
     * @param dynamic whether the config shifts by a run's own amount
     * @throws IllegalArgumentException where one is there without the other
     */
    @Nullable
    Double shiftFor(boolean dynamic) {
        Check.that(!dynamic || mu != null, "use_dynamic_shifting needs an amount of shift for each run: mu is missing");
        Check.that(dynamic || mu == null, "mu is given, but the scheduler's use_dynamic_shifting is false");
        return mu;
    }
}
