// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.Check;

/**
 * A share as it was counted, with the interval of E. B. Wilson, "Probable inference, the law of succession, and statistical
 * inference" (1927): the shares p from which the one that was seen is at most z standard deviations √(p(1 − p)/n) away.
 *
 * @param right how many
 * @param of of how many
 */
public record Proportion(int right, int of) {
    /** Standard deviations on either side that 95 % of a normal distribution lie within. */
    public static final double Z_95 = 1.959963984540054;

    public Proportion {
        Check.notNegative(of, "of");
        Check.inRange(right, 0, of, "right");
    }

    /** From 0 to 1; 0 where nothing was counted. */
    public double share() {
        return (double) right / Math.max(1, of);
    }

    /** The lower end of the interval at 95 %; 0 where nothing was counted. */
    public double low() {
        return of == 0 ? 0 : Math.max(0, middle(Z_95) - halfWidth(Z_95));
    }

    /** The upper end of the interval at 95 %; 1 where nothing was counted. */
    public double high() {
        return of == 0 ? 1 : Math.min(1, middle(Z_95) + halfWidth(Z_95));
    }

    private double middle(double z) {
        double n = of;
        return (share() + z * z / (2 * n)) / (1 + z * z / n);
    }

    /** Half of the interval at {@code z} standard deviations; as if one had been counted where none was. */
    double halfWidth(double z) {
        double n = Math.max(1, of);
        double p = share();
        return z * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);
    }
}
