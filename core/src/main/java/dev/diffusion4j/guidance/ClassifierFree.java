// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance;

import dev.diffusion4j.base.Check;
import org.jspecify.annotations.Nullable;

/**
 * Classifier-free guidance, Ho &amp; Salimans (2022): u + scale·(c − u) of the predictions with (c) and without (u) the condition.
 * Their w is scale − 1, the w of some lessons is the scale itself.
 *
 * @param scale 1 is the conditional prediction, 0 the unconditional one, more than 1 exaggerates; {@code null} for the scale that
 *     suits the network
 * @param rescale share in [0, 1] that is brought back to the conditional prediction's standard deviation: Lin et al. (2024), 3.4
 * @param from first step it acts in, as a share of all; outside the prediction is the conditional one: Kynkäänniemi et al. (2024)
 * @param to last step it acts in, as a share of all; 1 is the last
 */
public record ClassifierFree(@Nullable Double scale, double rescale, double from, double to) {
    /** As suits the network: not at all for most, 7.5 for those that draw what a text says. */
    public static final ClassifierFree OWN = new ClassifierFree(null, 0, 0, 1);

    /** The conditional prediction as it is. */
    public static final ClassifierFree OFF = of(1);

    public ClassifierFree {
        Check.that(scale == null || Double.isFinite(scale), "{guidanceScale} must be a number, but was " + scale);
        Check.inRange(rescale, 0, 1, "{guidanceRescale}");
        Check.inRange(from, 0, 1, "the start of {guidanceInterval}");
        Check.inRange(to, from, 1, "the end of {guidanceInterval}");
    }

    /** The scale; 1 where none is given. */
    public double weight() {
        return scale == null ? 1 : scale;
    }

    /** In all steps. */
    public static ClassifierFree of(double scale) {
        return new ClassifierFree(scale, 0, 0, 1);
    }

    /** With another scale. */
    public ClassifierFree withScale(double value) {
        return new ClassifierFree(value, rescale, from, to);
    }

    public ClassifierFree withRescale(double value) {
        return new ClassifierFree(scale, value, from, to);
    }

    /** In some steps only. */
    public ClassifierFree during(double first, double last) {
        return new ClassifierFree(scale, rescale, first, last);
    }

    /** Whether the prediction without the condition is needed at this share of the steps. */
    public boolean isActive(double progress) {
        return weight() != 1 && progress >= from && progress <= to;
    }
}
