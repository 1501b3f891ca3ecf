// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline.request;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.StepOptions;
import org.jspecify.annotations.Nullable;

/**
 * How the noise is removed.
 *
 * @param steps denoising steps
 * @param eta share of fresh noise, for schedulers that take it
 * @param options what only some schedulers take
 * @param refinerStart the share of the trained timesteps, in (0, 1), at which a refiner takes the noisy samples over; {@code null} for one that
 *     is given finished samples, adds noise and draws the last {@link #REFINER_STRENGTH} of the steps anew
 */
public record Sampling(int steps, double eta, StepOptions options, @Nullable Double refinerStart) {
    /** How much of a finished sample a refiner draws anew. */
    public static final double REFINER_STRENGTH = 0.3;

    /** 50 steps without fresh noise. */
    public static final Sampling DEFAULT = new Sampling(50, 0, StepOptions.DEFAULT, null);

    public Sampling {
        Check.positive(steps, "{steps}");
        Check.notNegative(eta, "{eta}");
        Check.that(
                refinerStart == null || refinerStart > 0 && refinerStart < 1,
                "the start of {refiner} must lie between 0 and 1, but was " + refinerStart);
    }

    /** For a scheduler. */
    public SamplingSettings settings() {
        return SamplingSettings.ofSteps(steps).withEta(eta).withOptions(options);
    }
}
