// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;

/** How a flow's noise levels are moved towards the noisy end by an amount μ that a run gives; {@code time_shift_type}. */
public enum TimeShift implements Keyed {
    /** e^μ / (e^μ + (1/σ − 1)): Esser et al. (2024). */
    EXPONENTIAL("exponential"),
    /** μ / (μ + (1/σ − 1)). */
    LINEAR("linear");

    /** e^μ and what is divided by it stay finite. */
    private static final double MOST_EXPONENTIAL = 100;

    private static final double MOST_LINEAR = 1e30;

    private final String key;

    TimeShift(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /**
     * σ after the shift, for 0 &lt; σ ≤ 1.
     *
     * @throws IllegalArgumentException where μ leads to levels that are not finite
     */
    public double shift(double mu, double sigma) {
        Check.that(
                this == LINEAR ? mu > 0 && mu <= MOST_LINEAR : Math.abs(mu) <= MOST_EXPONENTIAL,
                this == LINEAR
                        ? "mu must lie in (0, " + MOST_LINEAR + "] with time_shift_type 'linear', but was " + mu
                        : "mu must lie in [-" + MOST_EXPONENTIAL + ", " + MOST_EXPONENTIAL + "], but was " + mu);
        double amount = this == EXPONENTIAL ? Math.exp(mu) : mu;
        return amount / (amount + (1 / sigma - 1));
    }
}
