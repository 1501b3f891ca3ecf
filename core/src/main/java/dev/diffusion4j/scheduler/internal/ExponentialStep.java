// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.internal;

import dev.diffusion4j.schedule.LambdaTable;
import dev.diffusion4j.scheduler.config.AlgorithmType;

/**
 * One step of an exponential integrator: Lu et al. (2022), eq. 3.4 and, for x₀, eq. 9 of DPM-Solver++. The linear part of the
 * equation is exact; of the integrated output D₀ + D₁·s + D₂·s² each term has its weight:
 *
 * <pre>x_to = sampleWeight·x_from + constant()·D₀ + linear()·D₁ + quadratic()·D₂ + noiseWeight·ε</pre>
 *
 * <p>Both forms, with and without noise, are the same functions of z, which is −h for x₀, h for ε, and −2h for x₀ with noise,
 * where h is the step in λ. At the end of a run h may be infinite; only {@link #constant()} may be used then.
 */
public record ExponentialStep(AlgorithmType type, double sampleWeight, double prefactor, double z, double noiseWeight) {

    /** From one level to another one. */
    public static ExponentialStep of(AlgorithmType type, LambdaTable levels, int from, int to) {
        double h = levels.lambda(to) - levels.lambda(from);
        double alpha = levels.alpha(to);
        double sigma = levels.sigma(to);
        double alphaRatio = alpha / levels.alpha(from);
        double sigmaRatio = sigma / levels.sigma(from);
        return switch (type) {
            case DPMSOLVER_PLUS_PLUS -> new ExponentialStep(type, sigmaRatio, alpha, -h, 0);
            case SDE_DPMSOLVER_PLUS_PLUS ->
                new ExponentialStep(
                        type, sigmaRatio * Math.exp(-h), alpha, -2 * h, sigma * Math.sqrt(-Math.expm1(-2 * h)));
            case DPMSOLVER, DEIS -> new ExponentialStep(type, alphaRatio, sigma, h, 0);
            case SDE_DPMSOLVER ->
                new ExponentialStep(type, alphaRatio, 2 * sigma, h, sigma * Math.sqrt(Math.expm1(2 * h)));
        };
    }

    /** Whether the levels are the same. */
    public boolean isEmpty() {
        return z == 0;
    }

    /** e^z − 1. */
    public double growth() {
        return Math.expm1(z);
    }

    public double constant() {
        return -prefactor * growth();
    }

    public double linear() {
        return -prefactor * (growth() / z - 1);
    }

    /** With noise the reference has + where the integral has − before the half; it is kept, to draw the same pictures. */
    public double quadratic() {
        double half = type.isStochastic() ? -0.5 : 0.5;
        return -prefactor * ((growth() - z) / (z * z) - half);
    }
}
