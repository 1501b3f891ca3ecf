// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.parallel.GlooGroup;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.parallel.ProcessPlace;
import dev.diffusion4j.parallel.ProcessTimes;
import dev.diffusion4j.recipe.RunParts;
import java.util.Optional;
import java.util.function.ToIntFunction;

/** Lets a command that trains be one of several processes, where a launcher's variables say that it is. */
final class Processes {
    private Processes() {}

    /**
     * Waits until all have come, and trains.
     *
     * @param training with what it is given for a run; only the first process has a person who reads what it says
     * @return the exit code
     */
    static int train(ToIntFunction<RunParts> training) {
        Optional<ProcessPlace> place =
                ProcessPlace.of(System.getenv()).filter(it -> it.world().size() > 1);
        if (place.isEmpty()) {
            return training.applyAsInt(RunParts.NONE);
        }
        try (ProcessGroup group = GlooGroup.join(place.get(), ProcessTimes.of(System.getenv()))) {
            return together(group, training);
        }
    }

    private static int together(ProcessGroup group, ToIntFunction<RunParts> training) {
        try {
            return training.applyAsInt(RunParts.NONE.withGroup(group));
        } catch (RuntimeException | Error e) {
            group.fail(e);
            throw e;
        }
    }
}
