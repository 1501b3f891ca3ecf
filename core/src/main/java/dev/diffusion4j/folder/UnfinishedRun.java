// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.base.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Folders of a training that are taken for a model: a run that has not finished, one of its checkpoints, a chain of runs. */
final class UnfinishedRun {
    private static final String CHECKPOINTS = "checkpoints";
    private static final String RECIPE = "recipe.yaml";
    private static final String CHAIN = "chain.yaml";

    private UnfinishedRun() {}

    /** What to do instead of reading {@code folder} as a model; empty where it belongs to no run. */
    static Optional<Problem> error(Path folder) {
        if (isRun(folder)) {
            return Optional.of(Problem.failure(
                    folder + " is a run that has not finished, so that it holds no model yet: " + resume(folder)));
        }
        if (isChain(folder)) {
            return Optional.of(
                    Problem.failure(folder + " is a chain of runs, which has a model of its own when all of them"
                            + " have finished, if its recipe names a result: resume the training in " + folder
                            + ", or give the folder of one of them"));
        }
        Path whole = folder.toAbsolutePath().normalize();
        Path parent = whole.getParent();
        if (whole.endsWith(CHECKPOINTS)) {
            return ofRun(folder, parent, " holds the checkpoints of a run");
        }
        return parent != null && parent.endsWith(CHECKPOINTS)
                ? ofRun(folder, parent.getParent(), " is a checkpoint of a run")
                : Optional.empty();
    }

    static boolean isRun(Path folder) {
        return Files.exists(folder.resolve(RECIPE));
    }

    /** Whether it holds a run for each part of a chain. */
    static boolean isChain(Path folder) {
        return Files.exists(folder.resolve(CHAIN));
    }

    private static Optional<Problem> ofRun(Path folder, @Nullable Path run, String is) {
        if (run == null || !isRun(run)) {
            return Optional.empty();
        }
        Path model = PipelinePlace.insideRun(run);
        String instead = model.equals(run) ? resume(run) : "the finished model is in " + model;
        return Optional.of(Problem.failure(folder + is + ", which a training goes on from, and no model: " + instead));
    }

    private static String resume(Path run) {
        return "resume the training in " + run + ", and give that folder again when it has finished";
    }
}
