// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import java.nio.file.Path;
import java.util.Map;

/** Receives the progress of a run, on the thread that trains. */
public interface RunListener {
    /** Before the first update. */
    default void onPlan(RunPlan plan) {}

    /** Before the plan, where pictures of the kind are drawn first: so many of them are there now. */
    default void onClassPictures(int done, int count, Path folder) {}

    /**
     * Before the plan, where the data's pictures are encoded first: so many of them are now.
     *
     * @param secondsLeft for the others, at the rate of those that were encoded just now
     */
    default void onLatents(int done, int count, double secondsLeft) {}

    /**
     * The same for the data's different captions.
     *
     * @param secondsLeft for the others, at the rate of those that were encoded just now
     */
    default void onTextStates(int done, int count, double secondsLeft) {}

    /** In place of all else, where an earlier part of the run made all updates and saved the network. */
    default void onAlreadyFinished(long steps) {}

    /** After each update. */
    default void onStep(RunProgress progress) {}

    /** After the last update of an epoch. */
    default void onEpoch(RunProgress progress) {}

    /** A pipeline folder was saved on the way. */
    default void onSaved(Path folder) {}

    /** Held-back pictures were measured after an epoch: {@code val_loss} and others by name. */
    default void onValidation(long step, Map<String, Double> values) {}

    /** A sample grid was written. */
    default void onSamples(Path picture) {}
}
