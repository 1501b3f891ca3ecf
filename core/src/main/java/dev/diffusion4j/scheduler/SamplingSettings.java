// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import org.jspecify.annotations.Nullable;

/**
 * What one run asks of a scheduler.
 *
 * @param numInferenceSteps how many steps
 * @param eta share of fresh noise, for schedulers that take it (DDIM): 0 is deterministic, 1 is like DDPM
 * @param options what only some schedulers heed
 */
public record SamplingSettings(int numInferenceSteps, double eta, StepOptions options) {

    public SamplingSettings {
        Check.positive(numInferenceSteps, "steps");
        Check.notNegative(eta, "eta");
    }

    /** No fresh noise but the algorithm's own. */
    public static SamplingSettings ofSteps(int numInferenceSteps) {
        return new SamplingSettings(numInferenceSteps, 0, StepOptions.DEFAULT);
    }

    /** With another η. */
    public SamplingSettings withEta(double value) {
        return new SamplingSettings(numInferenceSteps, value, options);
    }

    /** With other options. */
    public SamplingSettings withOptions(StepOptions value) {
        return new SamplingSettings(numInferenceSteps, eta, value);
    }

    /**
     * {@link StepOptions#mu()} for a flow.
     *
     * @param dynamic whether the config shifts by a run's own amount
     * @throws IllegalArgumentException where one is there without the other
     */
    @Nullable
    Double shiftFor(boolean dynamic) {
        Double mu = options.mu();
        Check.that(!dynamic || mu != null, "use_dynamic_shifting needs an amount of shift for each run: mu is missing");
        Check.that(dynamic || mu == null, "mu is given, but the scheduler's use_dynamic_shifting is false");
        return mu;
    }
}
