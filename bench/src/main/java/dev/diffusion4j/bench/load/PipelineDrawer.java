// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.load;

import dev.diffusion4j.bench.load.LoadPlan.Asked;
import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ScheduledFuture;

/** A {@link DiffusionPipeline} that every caller's own thread draws with. */
final class PipelineDrawer implements Drawer {
    private final DiffusionPipeline pipeline;
    private final GenerationRequest request;
    private final Moment moment = new Moment();

    PipelineDrawer(Path model, int steps) {
        pipeline = DiffusionPipeline.load(model);
        request = GenerationRequest.of(r -> r.steps(steps));
    }

    @Override
    public Outcome draw(Asked asked, double unit) {
        Cancellation cancellation = new Cancellation();
        ScheduledFuture<?> leaving =
                moment.after(Math.min(asked.leaves(), asked.deadline()) * unit, cancellation::cancel);
        try (GenerationResult drawn =
                pipeline.generate(request.with(r -> r.seed(asked.seed())), event -> {}, cancellation)) {
            drawn.images(); // the service makes them too
            return new Outcome(End.DRAWN, Tensors.floats(drawn.samples()));
        } catch (CancellationException e) {
            return Outcome.without(asked.leaves() < asked.deadline() ? End.CANCELLED : End.EXPIRED);
        } finally {
            Moment.forget(leaving);
        }
    }

    @Override
    public void close() {
        pipeline.close();
        moment.close();
    }
}
