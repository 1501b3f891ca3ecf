// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.model.ModelFamilies;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an application brings to a run beside its recipe. It is not written into the run's folder: whoever resumes the run brings
 * it again.
 *
 * @param pictures opens the pictures to learn from, in place of the recipe's source; called more than once, and what it opens is
 *     closed; {@code null} for the recipe's source
 * @param families that the recipe's network may be of
 */
public record RunParts(@Nullable Supplier<? extends Dataset> pictures, ModelFamilies families) {
    /** Nothing. */
    public static final RunParts NONE = new RunParts(null, ModelFamilies.BUILT_IN);

    /** With pictures in place of the recipe's source. */
    public RunParts withPictures(Supplier<? extends Dataset> value) {
        return new RunParts(value, families);
    }

    /** With families beside those of this library. */
    public RunParts withFamilies(ModelFamilies value) {
        return new RunParts(pictures, value);
    }
}
