// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import dev.diffusion4j.base.Check;

/** How the noise levels σ of a run lie between the largest and the smallest. */
public enum SigmaSpacing {
    /** Those of the chosen timesteps. */
    TIMESTEPS,
    /** Evenly in σ^(1/7): Karras et al. (2022), eq. 5. */
    KARRAS,
    /** Evenly in ln σ. */
    EXPONENTIAL,
    /** Quantiles of Beta(0.6, 0.6): Lee et al. (2024). */
    BETA,
    /** Evenly in λ = −ln σ: Lu et al. (2022); as {@link #EXPONENTIAL}, but always over all trained levels. */
    LU,
    /** Straight paths: Lipman et al. (2022); see {@link FlowSigmas}. */
    FLOW;

    private static final double RHO = 7;

    /** By diffusers' three switches, of which at most one may be on. */
    public static SigmaSpacing of(boolean karras, boolean exponential, boolean beta) {
        Check.that(
                (karras ? 1 : 0) + (exponential ? 1 : 0) + (beta ? 1 : 0) <= 1,
                "only one of use_karras_sigmas, use_exponential_sigmas and use_beta_sigmas may be true");
        return karras ? KARRAS : exponential ? EXPONENTIAL : beta ? BETA : TIMESTEPS;
    }

    /** {@code steps} levels from {@code max} down to {@code min}; not for {@link #TIMESTEPS} and {@link #FLOW}. */
    public double[] between(double min, double max, int steps) {
        return switch (this) {
            case KARRAS -> SigmaSchedule.karras(min, max, steps, RHO);
            case EXPONENTIAL -> SigmaSchedule.exponential(min, max, steps);
            case LU ->
                SigmaSchedule.exponential(Math.exp((float) Math.log(min)), Math.exp((float) Math.log(max)), steps);
            case BETA -> SigmaSchedule.beta(min, max, steps);
            case TIMESTEPS, FLOW -> throw new IllegalArgumentException("the levels are not given by their ends");
        };
    }
}
