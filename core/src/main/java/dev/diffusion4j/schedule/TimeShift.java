// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import dev.diffusion4j.base.Keyed;

/** How a flow's noise levels are moved towards the noisy end by an amount μ that a run gives; {@code time_shift_type}. */
public enum TimeShift implements Keyed {
    /** e^μ / (e^μ + (1/σ − 1)): Esser et al. (2024). */
    EXPONENTIAL("exponential"),
    /** μ / (μ + (1/σ − 1)). */
    LINEAR("linear");

    private final String key;

    TimeShift(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** σ after the shift, for 0 &lt; σ ≤ 1. */
    public double shift(double mu, double sigma) {
        double amount = this == EXPONENTIAL ? Math.exp(mu) : mu;
        return amount / (amount + (1 / sigma - 1));
    }
}
