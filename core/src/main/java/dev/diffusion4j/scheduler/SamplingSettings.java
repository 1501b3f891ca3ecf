// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.DynamicShift;
import org.jspecify.annotations.Nullable;

/**
 * What one run asks of a scheduler.
 *
 * @param numInferenceSteps how many steps
 * @param firstStep the step that the run begins with: 0, or later where it begins with a picture and not with noise
 * @param eta share of fresh noise, for schedulers that take it: 0 is deterministic, 1 is like DDPM (DDIM), or fresh noise only (TCD)
 * @param strength share of the trained noise levels that all steps are spread over, from the lowest; for schedulers that take it (LCM, TCD), 1 for
 *     any other
 * @param canvas how large the samples are; {@code null} if not known
 * @param options what only some schedulers take
 */
public record SamplingSettings(
        int numInferenceSteps,
        int firstStep,
        double eta,
        double strength,
        @Nullable Canvas canvas,
        StepOptions options) {

    public SamplingSettings {
        Check.positive(numInferenceSteps, "{steps}");
        Check.inRange(firstStep, 0, numInferenceSteps - 1, "{first_step}");
        Check.notNegative(eta, "{eta}");
        Check.that(strength > 0 && strength <= 1, "{strength} must lie in (0, 1], but was " + strength);
    }

    /** From noise, with no fresh noise but the algorithm's own. */
    public static SamplingSettings ofSteps(int numInferenceSteps) {
        return new SamplingSettings(numInferenceSteps, 0, 0, 1, null, StepOptions.DEFAULT);
    }

    /** Beginning with another step. */
    public SamplingSettings withFirstStep(int value) {
        return new SamplingSettings(numInferenceSteps, value, eta, strength, canvas, options);
    }

    /** With another η. */
    public SamplingSettings withEta(double value) {
        return new SamplingSettings(numInferenceSteps, firstStep, value, strength, canvas, options);
    }

    /** With all steps in a share of the trained noise levels. */
    public SamplingSettings withStrength(double value) {
        return new SamplingSettings(numInferenceSteps, firstStep, eta, value, canvas, options);
    }

    /** For samples of this size. */
    public SamplingSettings withCanvas(Canvas value) {
        return new SamplingSettings(numInferenceSteps, firstStep, eta, strength, value, options);
    }

    /** With other options. */
    public SamplingSettings withOptions(StepOptions value) {
        return new SamplingSettings(numInferenceSteps, firstStep, eta, strength, canvas, value);
    }

    /**
     * μ of a flow: {@link StepOptions#mu()}, or else what {@code line} gives for the canvas.
     *
     * @param dynamic whether the config shifts the levels of each run by its own μ
     * @param line {@code null} where the config has none
     * @return {@code null} where neither is known
     * @throws IllegalArgumentException where μ is given, but the config does not take it
     */
    public @Nullable Double shiftFor(boolean dynamic, @Nullable DynamicShift line) {
        Double mu = options.mu();
        Check.that(dynamic || mu == null, "mu is given, but the scheduler's use_dynamic_shifting is false");
        if (mu != null || !dynamic || canvas == null || line == null) {
            return mu;
        }
        return line.mu(canvas.imageSeqLen());
    }
}
