// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import java.util.Locale;
import java.util.Optional;

/**
 * What is left of a picture at the last training timestep. Sampling begins with pure noise, which a network has then never seen:
 * Lin et al. (2024), section 3.1.
 */
public final class TerminalSignal {
    /** The largest ᾱ_T that passes without a word. */
    private static final double MOST = 0.01;

    private TerminalSignal() {}

    /** √ᾱ_T: the picture's share in x_T. */
    public static double of(Scheduler scheduler) {
        double last = scheduler.trainTimestep(scheduler.numTrainTimesteps() - 1);
        return scheduler.signalRate(last) / Math.hypot(scheduler.signalRate(last), scheduler.noiseRate(last));
    }

    /** A line of warning where ᾱ_T is over 0.01. */
    public static Optional<String> warning(Scheduler scheduler) {
        double signal = of(scheduler);
        if (signal * signal <= MOST) {
            return Optional.empty();
        }
        return Optional.of(String.format(
                Locale.ROOT,
                "the last of %d training timesteps still holds %.0f %% of the picture, but sampling begins with pure noise: "
                        + "brightness and large shapes suffer; more timesteps or a larger beta_end leave less",
                scheduler.numTrainTimesteps(),
                100 * signal));
    }
}
