// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.internal;

import dev.diffusion4j.base.Check;
import java.util.Locale;

/**
 * The noise of a step's end, of which the share η is fresh: Song et al. (2020), eq. 16. The fresh part's variance is η² times that
 * of the chain's own step, and the part that is kept is what is left of the end's.
 */
public final class FreshNoise {
    private FreshNoise() {}

    /** The standard deviation of what is kept; where all is fresh, rounding may lead below 0. */
    public static double kept(double variance, double fresh) {
        return Math.sqrt(Math.max(0, variance - fresh));
    }

    /**
     * The largest η of a step.
     *
     * @param variance of the noise at the step's end
     * @param chain the variance of the chain's own step, at most {@code variance} but for rounding
     */
    public static double mostEta(double variance, double chain) {
        return chain > 0 ? Math.max(1, Math.sqrt(variance / chain)) : Double.POSITIVE_INFINITY;
    }

    /**
     * Refuses an η with which a step would have to end with more noise than there is.
     *
     * @param most the smallest {@link #mostEta} of the run's steps
     */
    public static void checkEta(double eta, double most, int steps) {
        Check.that(
                eta <= most,
                String.format(
                        Locale.ROOT,
                        "{eta} must be at most %s in a run of %d steps, but was %s: a step cannot add more noise than its end has",
                        Math.floor(most * 1000) / 1000,
                        steps,
                        eta));
    }
}
