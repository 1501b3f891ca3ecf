// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.KeepMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a run would be and cost: it is set up as if it began, a step is tried, and nothing of it stays. */
public final class RunTrial {
    private static final RunListener SILENT = new RunListener() {};

    private RunTrial() {}

    /**
     * The plan of a run that begins. What a recipe keeps of its data is not computed first, but anew in each step: so a step may take less
     * than is planned.
     *
     * @throws Problem (a wrong request) where network and data do not suit each other; (a failure) where the data cannot be had
     */
    public static RunPlan of(Recipe recipe) {
        Path scratch = folder();
        try {
            RunFolder folder = new RunFolder(scratch);
            Recipe resolved = new Resolution(folder, RunParts.NONE).resolve(withoutPreparation(recipe));
            try (TrainingSession session =
                    new TrainingSession(resolved, folder, null, RunParts.NONE, false, SILENT, () -> false)) {
                return session.plan();
            }
        } finally {
            remove(scratch);
        }
    }

    private static Recipe withoutPreparation(Recipe recipe) {
        DreamBoothConfig config = recipe.dreambooth();
        return recipe.with(draft -> {
            draft.data.latents = KeepMode.LIVE;
            draft.data.textStates = KeepMode.LIVE;
            draft.validation = null;
            if (config != null && config.hasPrior()) { // pictures of the kind cost what any pictures cost
                String pictures = pictures(recipe);
                draft.dreambooth = config.with(kind -> {
                    kind.classPictures = pictures;
                    kind.classCount = 1;
                });
            }
        });
    }

    private static String pictures(Recipe recipe) {
        return DataSources.place(recipe.data().source())
                .filter(Files::isDirectory)
                .map(Path::toString)
                .orElseThrow(
                        () -> Problem.request(
                                "what " + recipe.name()
                                        + " takes is known once it has drawn its pictures of the kind: start it, or name a folder of pictures with {data.source}"));
    }

    private static Path folder() {
        try {
            return Files.createTempDirectory("diffusion4j-plan");
        } catch (IOException e) {
            throw Problem.failure("cannot make a folder for temporary files: " + AtomicFile.reason(e), e);
        }
    }

    private static void remove(Path folder) {
        try {
            AtomicFile.deleteTree(folder);
        } catch (IOException e) {
            return; // the system clears its temporary files
        }
    }
}
