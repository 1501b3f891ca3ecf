// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import dev.diffusion4j.base.Check;
import org.jspecify.annotations.Nullable;

/**
 * How one of several networks learns, where it learns differently from the others.
 *
 * @param learningRate before the schedule's factor; {@code null} for the optimizer's
 * @param weightDecay {@code null} for the optimizer's
 */
public record ParameterGroup(@Nullable Double learningRate, @Nullable Double weightDecay) {
    /** As the optimizer says. */
    public static final ParameterGroup DEFAULT = new ParameterGroup(null, null);
    /** The name of the denoiser's group. */
    public static final String DENOISER = "unet";

    public ParameterGroup {
        if (learningRate != null) {
            Check.positive(learningRate, "learning_rate");
        }
        if (weightDecay != null) {
            Check.notNegative(weightDecay, "weight_decay");
        }
    }
}
