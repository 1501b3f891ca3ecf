// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

/** Called after each update, on the thread that trains. */
@FunctionalInterface
public interface TrainingListener {
    /** Does nothing. */
    TrainingListener NONE = (report, state) -> {};

    /**
     * The state may be read, not changed.
     *
     * @throws java.util.concurrent.CancellationException to stop after this update, with a checkpoint
     */
    void onStep(StepReport report, TrainState state);

    /** A checkpoint is about to be written: what was logged of the updates before it must not be lost by a kill. */
    default void beforeCheckpoint() {}
}
