// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.watch;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.recipe.RunWorker;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How far a run is, or a chain of runs, as its folder says at this moment; it may be at work in another process.
 *
 * @param folder of the run
 * @param recipe its recipe's name, or the chain's
 * @param phase what goes on
 * @param reason why it failed; {@code null} where it did not
 * @param worker who works on it, or did last; {@code null} where nobody knows
 * @param progress of the updates; of a chain those of the run that goes on, or went on last
 * @param checkpoints the steps that can be gone back to, ascending
 * @param samples the grids that were drawn on the way, in that order
 * @param learnt the folder of the model, or of the LoRA, that can be used now: the run's own, else the last that was saved on the way;
 *     {@code null} for none yet
 * @param isLora whether {@code learnt} is a LoRA
 * @param stages of a chain, by name, those that have begun; empty for a run of one recipe
 * @param changed when something was written last
 */
public record RunState(
        Path folder,
        String recipe,
        Phase phase,
        @Nullable String reason,
        @Nullable RunWorker worker,
        Progress progress,
        List<Long> checkpoints,
        List<Grid> samples,
        @Nullable Path learnt,
        boolean isLora,
        Map<String, RunState> stages,
        Instant changed) {

    /** What goes on. */
    public enum Phase implements Keyed {
        /** A process trains. */
        RUNNING("running"),
        /** It was asked to stop; it can be resumed. */
        STOPPED("stopped"),
        /** All updates are done. */
        FINISHED("finished"),
        /** An error ended it; it can be resumed from its last checkpoint. */
        FAILED("failed"),
        /** Its process is gone without having ended it; it can be resumed from its last checkpoint. */
        INTERRUPTED("interrupted");

        private final String key;

        Phase(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /**
     * Of the updates.
     *
     * @param step done
     * @param totalSteps of the whole run; 0 where that is not known yet
     * @param loss of the last one; NaN before the first
     * @param meanOfLast mean of the losses of the last ones, a hundred at most
     * @param imagesPerSecond of the last ones
     * @param secondsLeft at that rate, pictures and checkpoints not counted; NaN where it is not known
     */
    public record Progress(
            long step, long totalSteps, double loss, double meanOfLast, double imagesPerSecond, double secondsLeft) {}

    /**
     * A grid of pictures.
     *
     * @param name {@code step 500}, or {@code epoch 3}
     * @param file a PNG
     */
    public record Grid(String name, Path file) {}

    /**
     * Reads a folder.
     *
     * @return empty where it is no run's and no chain's
     */
    public static Optional<RunState> read(Path folder) {
        return StateReader.read(folder);
    }
}
