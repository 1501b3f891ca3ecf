// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.config;

import dev.diffusion4j.base.Keyed;

/** Variants of exponential integrators, each of which belongs to some of them; the keys are those of {@code solver_type}. */
public enum SolverType implements Keyed {
    /** DPM-Solver: the slope counts half. */
    MIDPOINT("midpoint"),
    /** DPM-Solver: the slope is integrated. */
    HEUN("heun"),
    /** DEIS: polynomials in ln(σ/α). */
    LOGRHO("logrho"),
    /** UniPC with B(h) = h. */
    BH1("bh1"),
    /** UniPC with B(h) = e^h − 1. */
    BH2("bh2");

    private final String key;

    SolverType(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }
}
