// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
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
    private static final String OWN = "java:";

    /** Nothing. */
    public static final RunParts NONE = new RunParts(null, ModelFamilies.BUILT_IN);

    /** How a recipe names the data: the recipe's source, or what describes the application's pictures. */
    String source(DataConfig config) {
        if (pictures == null) {
            return config.source();
        }
        try (Dataset first = pictures.get()) {
            return OWN + first.description();
        }
    }

    /** Whether {@link #source} names pictures that an application brought. */
    static boolean isBrought(String source) {
        return source.startsWith(OWN);
    }

    /** The data to learn from; the caller closes it. */
    TrainingData open(DataConfig config) {
        return pictures == null
                ? TrainingData.open(config, SourceOptions.defaults())
                : TrainingData.of(config, pictures.get());
    }

    /** What is held back of it, for measuring; the caller closes it. */
    TrainingData openHeldBack(DataConfig config) {
        return pictures == null
                ? TrainingData.openHeldBack(config, SourceOptions.defaults())
                : TrainingData.heldBackOf(config, pictures.get());
    }

    /** With pictures in place of the recipe's source. */
    public RunParts withPictures(Supplier<? extends Dataset> value) {
        return new RunParts(value, families);
    }

    /** With families beside those of this library. */
    public RunParts withFamilies(ModelFamilies value) {
        return new RunParts(pictures, value);
    }
}
