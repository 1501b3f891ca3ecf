// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import dev.diffusion4j.base.Keyed;

/** How the timesteps of a short run are chosen from the trained ones: Lin et al. (2023), table 2. */
public enum TimestepSpacing implements Keyed {
    /** Evenly from 0 to T−1, both included. */
    LINSPACE("linspace"),
    /** Multiples of T div N, from 0. */
    LEADING("leading"),
    /** Back from T in steps of T/N, less one. */
    TRAILING("trailing");

    private final String key;

    TimestepSpacing(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /**
     * N whole timesteps, falling, as DDPM and DDIM choose them.
     *
     * @param trained T
     * @param steps N
     * @param offset {@code steps_offset}, added where the spacing is {@code leading}
     */
    public double[] timesteps(int trained, int steps, int offset) {
        double[] falling = new double[steps];
        for (int i = 0; i < steps; i++) {
            falling[i] = switch (this) {
                case LINSPACE -> Math.rint(linspace(trained - 1, steps, steps - 1 - i));
                case LEADING -> (double) (steps - 1 - i) * (trained / steps) + offset;
                case TRAILING -> Math.rint(trained - i * ((double) trained / steps)) - 1;
            };
        }
        return falling;
    }

    /** Element {@code i} of {@code n} values evenly from 0 to {@code last}. */
    public static double linspace(double last, int n, int i) {
        return n == 1 ? 0 : i == n - 1 ? last : i * (last / (n - 1));
    }
}
