// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Check;

/** Which steps of a run are shown: the one rule of films, traces and previews. */
@FunctionalInterface
public interface StepChoice {
    /**
     * Whether a step's result is shown.
     *
     * @param stepIndex from 0
     * @param steps of the whole run
     */
    boolean contains(int stepIndex, int steps);

    /** This many, evenly spaced, the last one included: after steps 50, 100, … 1000 for 20 of 1000. */
    static StepChoice evenly(int count) {
        Check.positive(count, "steps of a trace");
        return (stepIndex, steps) -> {
            int kept = Math.min(count, steps);
            long before = (long) stepIndex * kept / steps;
            return (long) (stepIndex + 1) * kept / steps > before;
        };
    }

    /** Each {@code every}-th one, and each of the {@code last} ones. */
    static StepChoice everyAndLast(int every, int last) {
        Check.positive(every, "every");
        return (stepIndex, steps) -> (stepIndex + 1) % every == 0 || stepIndex >= steps - last;
    }
}
