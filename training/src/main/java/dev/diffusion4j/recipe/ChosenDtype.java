// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.trainer.Choices;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What {@code training.dtype: auto} came to when a run began. Another process may have measured the machine anew since then, and no checkpoint says it
 * while the pictures of the kind are drawn: so it stands in the run's folder.
 */
record ChosenDtype(Precision dtype) {
    private static final ChosenDtype DEFAULT = new ChosenDtype(Precision.F32);

    /** That of the recipe; for {@code auto} what the run's folder says, or else what is chosen now and written there. */
    static Precision of(Recipe recipe, RunFolder folder, String device) {
        Precision wanted = recipe.training().dtype();
        Path file = folder.dtype();
        if (wanted != Precision.AUTO) {
            return wanted;
        }
        if (Files.exists(file)) {
            return Records.bind(DEFAULT, Json.readObject(file), file.toString()).dtype();
        }
        Precision chosen = Choices.dtype(new Placement(device, wanted, 0));
        AtomicFile.write(file, Json.pretty(Records.toMap(new ChosenDtype(chosen))));
        return chosen;
    }
}
