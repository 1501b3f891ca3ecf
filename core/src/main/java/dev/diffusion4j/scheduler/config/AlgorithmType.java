// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.config;

import dev.diffusion4j.base.Keyed;

/** Which equation an exponential integrator solves, and for what; the keys are those of {@code algorithm_type}. */
public enum AlgorithmType implements Keyed {
    /** The probability-flow equation, for ε: Lu et al. (2022), DPM-Solver. */
    DPMSOLVER("dpmsolver"),
    /** The probability-flow equation, for x₀: Lu et al. (2022), DPM-Solver++. */
    DPMSOLVER_PLUS_PLUS("dpmsolver++"),
    /** The stochastic equation, for ε. */
    SDE_DPMSOLVER("sde-dpmsolver"),
    /** The stochastic equation, for x₀. */
    SDE_DPMSOLVER_PLUS_PLUS("sde-dpmsolver++"),
    /** The probability-flow equation, for ε, by polynomials in ln(σ/α): Zhang and Chen (2022). */
    DEIS("deis");

    private final String key;

    AlgorithmType(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    public boolean predictsOriginal() {
        return this == DPMSOLVER_PLUS_PLUS || this == SDE_DPMSOLVER_PLUS_PLUS;
    }

    public boolean isStochastic() {
        return this == SDE_DPMSOLVER || this == SDE_DPMSOLVER_PLUS_PLUS;
    }
}
