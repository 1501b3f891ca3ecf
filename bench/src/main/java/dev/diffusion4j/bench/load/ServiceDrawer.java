// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.load;

import dev.diffusion4j.bench.load.LoadPlan.Asked;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.service.DiffusionService;
import dev.diffusion4j.service.FinishedPicture;
import dev.diffusion4j.service.Job;
import dev.diffusion4j.service.JobListener;
import dev.diffusion4j.service.JobState;
import dev.diffusion4j.service.QueueFullException;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ScheduledFuture;

/** A {@link DiffusionService} of one model, whose requests may share a batch. */
final class ServiceDrawer implements Drawer {
    private final DiffusionPipeline loaded;
    private final SampleRecorder recorder;
    private final DiffusionService service;
    private final Moment moment = new Moment();
    private final GenerationRequest request;
    private final boolean shares;
    private final Latencies refusals = new Latencies();

    /** @param queue requests that wait beside the one at work */
    ServiceDrawer(Path model, int steps, int queue, boolean shares) {
        this.loaded = DiffusionPipeline.load(model);
        this.recorder = new SampleRecorder(loaded.codec());
        this.service = DiffusionService.borrowing(
                model.toString(), loaded.withCodec(recorder), ServiceConfig.DEFAULT.with(c -> c.queue = queue));
        this.request = GenerationRequest.of(r -> r.steps(steps));
        this.shares = shares;
    }

    @Override
    public Outcome draw(Asked asked, double unit) {
        ServiceRequest own = ServiceRequest.of(request.with(r -> r.seed(asked.seed())))
                .with(r -> {
                    r.shares = shares;
                    r.timeout = Double.isInfinite(asked.deadline()) ? null : seconds(asked.deadline() * unit);
                });
        Keeper keeper = new Keeper(recorder);
        long begun = System.nanoTime();
        try (Job job = service.submit(own, keeper)) {
            ScheduledFuture<?> leaving = moment.after(asked.leaves() * unit, job::cancel);
            try {
                job.await();
                return new Outcome(End.DRAWN, keeper.sample);
            } catch (CancellationException e) {
                return Outcome.without(job.state() == JobState.EXPIRED ? End.EXPIRED : End.CANCELLED);
            } finally {
                Moment.forget(leaving);
            }
        } catch (QueueFullException e) {
            refusals.add((System.nanoTime() - begun) / 1e9);
            return Outcome.without(End.REFUSED);
        }
    }

    private static Duration seconds(double value) {
        return Duration.ofNanos(Math.max(1, Math.round(value * 1e9)));
    }

    /** How long it took to refuse. */
    Latencies refusals() {
        return refusals;
    }

    @Override
    public void close() {
        service.close();
        loaded.close();
        moment.close();
    }

    /** Takes the numbers on the thread that drew them. */
    private static final class Keeper implements JobListener {
        private final SampleRecorder recorder;
        private volatile float[] sample = new float[0];

        Keeper(SampleRecorder recorder) {
            this.recorder = recorder;
        }

        @Override
        public void onPicture(Job job, FinishedPicture picture) {
            sample = recorder.last();
        }
    }
}
