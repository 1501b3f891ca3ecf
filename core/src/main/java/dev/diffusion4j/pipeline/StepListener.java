// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

/** Called after each step, on the thread that samples. */
@FunctionalInterface
public interface StepListener {
    /** Does nothing. */
    StepListener NONE = event -> {};

    /** Tensors of the event die when this returns; an exception ends the run. */
    void onStep(StepEvent event);

    /** This, then {@code next}. */
    default StepListener andThen(StepListener next) {
        return event -> {
            onStep(event);
            next.onStep(event);
        };
    }
}
