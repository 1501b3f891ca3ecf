// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import java.util.function.IntToDoubleFunction;

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
     * N whole timesteps, falling, as DDPM, DDIM and PNDM choose them.
     *
     * @param trained T
     * @param steps N
     * @param offset {@code steps_offset}, added where the spacing is {@code leading}
     * @throws IllegalArgumentException where the offset leads beyond T−1
     */
    public double[] timesteps(int trained, int steps, int offset) {
        if (this == LINSPACE) {
            double[] rising = Linspace.of(0, trained - 1, steps);
            return fill(steps, i -> Math.rint(rising[steps - 1 - i]));
        }
        return fractional(trained, steps, offset);
    }

    /** As {@link #timesteps}, but {@code linspace} is not rounded to whole ones (only to f32): for samplers that go by σ. */
    public double[] fractional(int trained, int steps, int offset) {
        return switch (this) {
            case LINSPACE -> {
                double[] rising = Linspace.of(0, trained - 1, steps);
                yield fill(steps, i -> (float) rising[steps - 1 - i]);
            }
            case LEADING -> leading(trained, trained / steps, 0, steps, offset);
            case TRAILING -> trailing(trained, (double) trained / steps, steps);
        };
    }

    /**
     * N whole timesteps, falling, of N+1 whose last one is left out, as the exponential integrators (DPM-Solver, DEIS, UniPC)
     * choose them; fewer than N where {@code last} cuts a {@code trailing} spacing short.
     *
     * @param last how many of the T trained timesteps may be used
     */
    public double[] allButLast(int last, int trained, int steps, int offset) {
        return switch (this) {
            case LINSPACE -> {
                double[] rising = Linspace.of(0, last - 1, steps + 1);
                yield fill(steps, i -> Math.rint(rising[steps - i]));
            }
            case LEADING -> leading(trained, last / (steps + 1), 1, steps, offset);
            case TRAILING -> {
                double stride = (double) trained / steps;
                yield trailing(last, stride, last == trained ? steps : Math.min(steps, (int) Math.ceil(last / stride)));
            }
        };
    }

    private static double[] leading(int trained, int stride, int skipped, int steps, int offset) {
        double[] falling = fill(steps, i -> (double) (steps - 1 - i + skipped) * stride + offset);
        Check.that(
                falling[0] < trained,
                "steps_offset " + offset + " leads to timestep " + (long) falling[0] + ", but the last trained one is "
                        + (trained - 1) + "; take fewer steps");
        return falling;
    }

    /**
     * numpy's {@code arange(last, 0, -stride)}, rounded, less one; its element i is last + i·δ with the rounded δ. Where rounding
     * gives numpy one element too many (62 of the step counts up to 1,000 at T = 1,000, the first is 61), it is left out here: it
     * would be a step at timestep −1.
     */
    private static double[] trailing(int last, double stride, int steps) {
        double delta = (last - stride) - last;
        return fill(steps, i -> Math.rint(last + i * delta) - 1);
    }

    private static double[] fill(int n, IntToDoubleFunction value) {
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = value.applyAsDouble(i);
        }
        return values;
    }
}
