// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.codec.KeptMoments;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.condition.KeptStates;
import dev.diffusion4j.condition.TextConditioner;
import dev.diffusion4j.data.DataConfig;
import dev.diffusion4j.data.KeepMode;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.pipeline.PipelineParts;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What of a run's inputs is computed once, before its first update.
 *
 * @param latents of its pictures; {@code null} where they are encoded each time
 * @param states of its captions; {@code null} where they are encoded each time
 */
record KeptInputs(@Nullable LatentCache latents, @Nullable StateCache states) implements AutoCloseable {
    /** All is encoded each time. */
    static final KeptInputs NONE = new KeptInputs(null, null);

    /**
     * As the recipe asks for.
     *
     * @param pipeline with its networks where they compute; borrowed
     * @param threads 1 where that is a card
     * @throws RowMaker.Stopped where {@code stop} asked for it
     */
    static KeptInputs open(
            Recipe recipe,
            RunFolder folder,
            TrainingData data,
            TrainedPipeline pipeline,
            int threads,
            RunListener listener,
            BooleanSupplier stop) {
        DataConfig config = recipe.data();
        LatentCache latents = null;
        if (config.latents() != KeepMode.LIVE) {
            SampleCodec codec = pipeline.parts().codec(pipeline.model(), pipeline.scheduler());
            RowMaker maker = LatentMaker.of(data, codec, threads, listener, stop);
            latents = LatentCache.open(recipe, folder, data, codec, maker);
        }
        try {
            StateCache states = config.textStates() != KeepMode.LIVE
                            && pipeline.parts().conditioner() instanceof TextConditioner text
                    ? StateCache.open(recipe, folder, data, text, threads, listener, stop)
                    : null;
            return new KeptInputs(latents, states);
        } catch (RuntimeException | Error e) {
            if (latents != null) {
                latents.close();
            }
            throw e;
        }
    }

    /** Whether all is encoded each time. */
    boolean isEmpty() {
        return latents == null && states == null;
    }

    /** The names of the parts whose networks no update uses, because all that they would compute is kept. */
    Set<String> unused(PipelineParts parts) {
        Set<String> names = new TreeSet<>();
        if (latents != null) {
            names.add(ModelRole.AUTOENCODER.component());
        }
        if (states != null && parts.conditioner().learners().isEmpty()) {
            names.addAll(parts.conditioner().lent().keySet());
        }
        return names;
    }

    /** The run's own parts, which are borrowed, as an objective is to see them that is given what is kept here. */
    PipelineParts seen(TrainedPipeline pipeline) {
        PipelineParts parts = pipeline.parts();
        if (latents != null) {
            parts = parts.withCodec(new KeptMoments(parts.codec(pipeline.model(), pipeline.scheduler())));
        }
        return states == null
                ? parts
                : parts.withConditioner(new KeptStates(parts.conditioner(), states.size(), states));
    }

    @Override
    public void close() {
        if (latents != null) {
            latents.close();
        }
        if (states != null) {
            states.close();
        }
    }
}
