// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.util.function.BooleanSupplier;

/** Pictures that a Ctrl-C ends within a denoising step. */
final class Drawing {
    private Drawing() {}

    /** @throws java.util.concurrent.CancellationException where {@code stop} asked for it */
    static GenerationResult generate(DiffusionPipeline pipeline, GenerationRequest request, BooleanSupplier stop) {
        return generate(pipeline, request, StepListener.NONE, stop);
    }

    /**
     * @param listener of each step
     * @throws java.util.concurrent.CancellationException where {@code stop} asked for it
     */
    static GenerationResult generate(
            DiffusionPipeline pipeline, GenerationRequest request, StepListener listener, BooleanSupplier stop) {
        Cancellation cancellation = new Cancellation();
        StepListener watched = listener.andThen(event -> {
            if (stop.getAsBoolean()) {
                cancellation.cancel();
            }
        });
        return pipeline.generate(request, watched, cancellation);
    }
}
