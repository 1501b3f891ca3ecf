// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.parallel.GlooGroup;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.parallel.ProcessPlace;
import dev.diffusion4j.parallel.ProcessTimes;
import dev.diffusion4j.recipe.RunParts;
import dev.diffusion4j.tensor.MainHeap;
import java.util.Optional;
import java.util.function.ToIntFunction;

/** Lets a command that trains be one of several processes, where a launcher's variables say that it is. */
final class Processes {
    private Processes() {}

    /**
     * Waits until all have come, and trains, on a thread that uses glibc's main heap if one is found.
     *
     * @param training with what it is given for a run; only the first process has a person who reads what it says
     * @return the exit code
     */
    static int train(ToIntFunction<RunParts> training) {
        return MainHeap.call(() -> trainHere(training));
    }

    private static int trainHere(ToIntFunction<RunParts> training) {
        Optional<ProcessPlace> place = place();
        if (place.isEmpty()) {
            return training.applyAsInt(RunParts.NONE);
        }
        try (ProcessGroup group = GlooGroup.join(place.get(), ProcessTimes.of(System.getenv()))) {
            return together(group, training);
        }
    }

    /**
     * For a command that would do the same in each of several processes.
     *
     * @param advice what to do in its place
     * @throws Problem (a wrong request) where this is one of several
     */
    static void refuse(String command, String advice) {
        place().ifPresent(place -> {
            throw Problem.request(command + " works in one process, but this is one of "
                    + place.world().size() + " that were launched together: " + advice);
        });
    }

    /** What to add to a command that goes on with a run: by another number it would go on otherwise. */
    static String inAsMany(int processes) {
        return processes == 1 ? "" : " (in " + processes + " processes again, as this was started)";
    }

    private static Optional<ProcessPlace> place() {
        return ProcessPlace.of(System.getenv()).filter(it -> it.world().size() > 1);
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
