// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A call of a thousand steps that somebody ends after half a second: it stops within one step and frees its memory. */
public final class CancelFromAnotherThread {
    private CancelFromAnotherThread() {}

    /** {@code CancelFromAnotherThread MODEL_FOLDER}. */
    public static void main(String[] args) {
        System.out.println("cancelled after " + run(Path.of(args[0]), 500) + " steps");
    }

    /** How many steps were made. */
    static int run(Path model, long milliseconds) {
        GenerationRequest request =
                GenerationRequest.of(r -> r.count(16).steps(1000).seed(3));
        Cancellation cancellation = new Cancellation();
        int[] steps = {0};
        StepListener counter = event -> steps[0]++;
        ScheduledExecutorService other = Executors.newSingleThreadScheduledExecutor();
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(model)) {
            var timer = other.schedule(cancellation::cancel, milliseconds, TimeUnit.MILLISECONDS);
            try (GenerationResult result = pipeline.generate(request, counter, cancellation)) {
                System.out.println("it was faster: " + result.images().size() + " pictures");
            } catch (CancellationException e) {
                // nothing to free: the call has done it
            }
            timer.cancel(false);
        } finally {
            other.shutdownNow();
        }
        return steps[0];
    }
}
