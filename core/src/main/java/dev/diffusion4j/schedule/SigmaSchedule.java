// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.apache.commons.statistics.distribution.BetaDistribution;

/**
 * Noise levels σ of a run, in x₀ + σ·ε: Karras et al. (2022). Immutable; arrays are {@code double}, largest first.
 */
public final class SigmaSchedule {
    private static final double TINY = 1e-10;

    private final double[] trained;
    private final double[] logTrained;

    private SigmaSchedule(double[] trained) {
        this.trained = trained;
        this.logTrained = new double[trained.length];
        for (int t = 0; t < trained.length; t++) {
            logTrained[t] = (float) Math.log(trained[t]);
        }
    }

    /** σ_t = √((1−ᾱ_t)/ᾱ_t) of every training timestep, rounded to f32 as the reference does. */
    public static SigmaSchedule of(NoiseSchedule schedule) {
        double[] sigmas = new double[schedule.numTrainTimesteps()];
        for (int t = 0; t < sigmas.length; t++) {
            sigmas[t] = schedule.sigma(t);
        }
        return new SigmaSchedule(sigmas);
    }

    /** σ at a training timestep, which may be fractional: linear between its neighbours. */
    public double at(double timestep) {
        int low = (int) Math.floor(timestep);
        if (low < 0) {
            return trained[0];
        }
        if (low >= trained.length - 1) {
            return trained[trained.length - 1];
        }
        return trained[low] + (timestep - low) * (trained[low + 1] - trained[low]);
    }

    /** {@link #at} of each. */
    public double[] at(double[] timesteps) {
        return map(timesteps, this::at);
    }

    /** The training timestep whose σ this is, fractional: linear in ln σ, clipped to the trained ones. */
    public double timestepOf(double sigma) {
        double log = Math.log(Math.max(sigma, TINY));
        int low = 0;
        for (int t = 0; t < logTrained.length; t++) {
            if (log - logTrained[t] >= 0) {
                low = t;
            }
        }
        if (logTrained.length == 1) {
            return 0;
        }
        low = Math.min(low, logTrained.length - 2);
        double gap = logTrained[low] - logTrained[low + 1];
        double weight = gap == 0 ? 0 : (logTrained[low] - log) / gap;
        weight = Math.min(1, Math.max(0, weight));
        return (1 - weight) * low + weight * (low + 1);
    }

    /** {@link #timestepOf} of each. */
    public double[] timestepsOf(double[] sigmas) {
        return map(sigmas, this::timestepOf);
    }

    /** Evenly in σ^(1/ρ), falling: Karras et al. (2022), eq. 5. */
    public static double[] karras(double sigmaMin, double sigmaMax, int steps, double rho) {
        double low = Math.pow(sigmaMin, 1 / rho);
        double high = Math.pow(sigmaMax, 1 / rho);
        return map(Linspace.of(0, 1, steps), ramp -> Math.pow(high + ramp * (low - high), rho));
    }

    /** Evenly in ln σ, falling. */
    public static double[] exponential(double sigmaMin, double sigmaMax, int steps) {
        return map(Linspace.of(Math.log(sigmaMax), Math.log(sigmaMin), steps), Math::exp);
    }

    /** Quantiles of the Beta(0.6, 0.6) distribution between the ends, falling: Lee et al. (2024). */
    public static double[] beta(double sigmaMin, double sigmaMax, int steps) {
        BetaDistribution distribution = BetaDistribution.of(0.6, 0.6);
        return map(
                Linspace.of(0, 1, steps),
                ramp -> sigmaMin + distribution.inverseCumulativeProbability(1 - ramp) * (sigmaMax - sigmaMin));
    }

    private static double[] map(double[] values, DoubleUnaryOperator formula) {
        return Arrays.stream(values).map(formula).toArray();
    }

    /** How many training timesteps. */
    public int numTrainTimesteps() {
        return trained.length;
    }
}
