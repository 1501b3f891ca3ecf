// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.KeepMode;
import dev.diffusion4j.trainer.Checkpoints;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A checkpoint made into what it would have been as the end of the run: a model that draws, or a LoRA. */
public final class CheckpointModel {
    private static final RunListener SILENT = new RunListener() {};

    private CheckpointModel() {}

    /**
     * The folder of what the run had learnt after so many updates: {@code models/step-000500} in the run's folder, which is written where it is
     * not there yet. The run may go on meanwhile.
     *
     * @throws Problem (a wrong request) where the run has no such checkpoint (any more); (a failure) where it cannot be read or written
     */
    public static Path save(Path run, long step) {
        RunFolder folder = new RunFolder(run);
        Path target = folder.model(step);
        if (Files.exists(target)) {
            return target;
        }
        Recipe recipe = folder.readRecipe().with(draft -> {
            draft.data.latents = KeepMode.LIVE;
            draft.data.textStates = KeepMode.LIVE;
            draft.validation = null;
        });
        Path checkpoint = checkpoint(folder, step);
        try (TrainingSession session =
                new TrainingSession(recipe, folder, checkpoint, RunParts.NONE, true, SILENT, () -> false)) {
            session.save(target);
        }
        return target;
    }

    private static Path checkpoint(RunFolder folder, long step) {
        List<Path> all = new Checkpoints(folder.checkpoints(), 1).list();
        return all.stream()
                .filter(each -> Checkpoints.readStep(each) == step)
                .findFirst()
                .orElseThrow(() ->
                        Problem.request("step", step, "be one of the run's checkpoints " + folder.checkpointSteps()));
    }
}
