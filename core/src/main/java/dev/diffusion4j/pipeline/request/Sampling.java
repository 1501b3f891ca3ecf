// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline.request;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.StepOptions;

/**
 * How the noise is removed.
 *
 * @param steps denoising steps
 * @param eta share of fresh noise, for schedulers that take it
 * @param options what only some schedulers take
 */
public record Sampling(int steps, double eta, StepOptions options) {
    /** 50 steps without fresh noise. */
    public static final Sampling DEFAULT = new Sampling(50, 0, StepOptions.DEFAULT);

    public Sampling {
        Check.positive(steps, "{steps}");
        Check.notNegative(eta, "{eta}");
    }

    /** For a scheduler. */
    public SamplingSettings settings() {
        return SamplingSettings.ofSteps(steps).withEta(eta).withOptions(options);
    }
}
