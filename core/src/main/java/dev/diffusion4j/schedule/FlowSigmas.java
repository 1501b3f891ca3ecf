// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import dev.diffusion4j.base.Check;

/** Noise levels σ of straight paths x = (1−σ)·x₀ + σ·ε: Lipman et al. (2022), Esser et al. (2024). Functions of arrays. */
public final class FlowSigmas {
    private FlowSigmas() {}

    /** More noise for {@code amount > 1}: Esser et al. (2024), eq. 23. */
    public static double shift(double amount, double sigma) {
        return amount * sigma / (1 + (amount - 1) * sigma);
    }

    /** Stretched so that the last level is {@code terminal}; 1 stays 1. */
    public static double[] stretchToTerminal(double[] sigmas, double terminal) {
        Check.that(
                sigmas[sigmas.length - 1] < 1,
                "shift_terminal needs at least 2 {steps}, the last of them below noise level 1");
        double scale = (1 - sigmas[sigmas.length - 1]) / (1 - terminal);
        double[] stretched = new double[sigmas.length];
        for (int i = 0; i < sigmas.length; i++) {
            stretched[i] = 1 - (1 - sigmas[i]) / scale;
        }
        return stretched;
    }
}
