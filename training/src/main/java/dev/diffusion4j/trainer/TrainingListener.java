// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

/** Is told of each update, on the thread that trains. */
@FunctionalInterface
public interface TrainingListener {
    /** Does nothing. */
    TrainingListener NONE = (report, state) -> {};

    /** The state may be read, not changed. */
    void onStep(StepReport report, TrainState state);

    /** This, then {@code next}. */
    default TrainingListener andThen(TrainingListener next) {
        return (report, state) -> {
            onStep(report, state);
            next.onStep(report, state);
        };
    }
}
