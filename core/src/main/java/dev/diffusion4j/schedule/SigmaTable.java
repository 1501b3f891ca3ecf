// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import dev.diffusion4j.base.Check;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * The noise levels of one run, falling, with the level at which it ends, and the timesteps of its calls. Immutable.
 * Levels are rounded to f32, as the reference keeps them.
 */
public final class SigmaTable {
    private final double[] sigmas;
    private final double[] timesteps;

    /**
     * @param levels where the network is called
     * @param end where the run ends
     * @param timesteps of the calls of the network
     */
    public SigmaTable(double[] levels, double end, double[] timesteps) {
        this.sigmas = new double[levels.length + 1];
        for (int i = 0; i < levels.length; i++) {
            sigmas[i] = (float) levels[i];
        }
        sigmas[levels.length] = (float) end;
        this.timesteps = timesteps.clone();
    }

    /**
     * Levels from which the timesteps follow.
     *
     * @param rounding of the timesteps
     * @param end where the run ends
     */
    public static SigmaTable ofLevels(
            SigmaSchedule trained, double[] levels, DoubleUnaryOperator rounding, double end) {
        double[] timesteps = trained.timestepsOf(levels);
        for (int i = 0; i < timesteps.length; i++) {
            timesteps[i] = rounding.applyAsDouble(timesteps[i]);
        }
        return new SigmaTable(levels, end, timesteps);
    }

    /**
     * This table, whose levels before the end can be divided by.
     *
     * @throws IllegalArgumentException where one is not finite, not above 0, or not lower than the one before
     */
    public SigmaTable checked() {
        for (int i = 0; i < size(); i++) {
            Check.that(
                    sigmas[i] > 0 && Double.isFinite(sigmas[i]),
                    "noise level " + i + " of the run must be a finite number > 0, but is " + sigmas[i]
                            + "; the scheduler's betas, sigma_min and sigma_max decide it");
            Check.that(
                    i == 0 || sigmas[i] < sigmas[i - 1],
                    "the noise levels of a run must fall, but level " + i + " is " + sigmas[i] + " after "
                            + (i == 0 ? sigmas[i] : sigmas[i - 1])
                            + "; the scheduler's sigma_min and sigma_max decide it, and the number of {steps}");
        }
        return this;
    }

    /** How many levels there are before the end. */
    public int size() {
        return sigmas.length - 1;
    }

    /** σ of step {@code i}; for {@code i = size()} the end of the run. */
    public double sigma(int i) {
        return sigmas[i];
    }

    /** All but the end; a copy. */
    public double[] levels() {
        return Arrays.copyOf(sigmas, sigmas.length - 1);
    }

    /** The highest level. */
    public double max() {
        double max = 0;
        for (double sigma : sigmas) {
            max = Math.max(max, sigma);
        }
        return max;
    }

    /** The timesteps of the calls of the network; a copy. */
    public double[] timesteps() {
        return timesteps.clone();
    }
}
