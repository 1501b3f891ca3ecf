// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.DrawingJob;
import dev.diffusion4j.drawing.SchedulerSelection.Chosen;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.NativeThreads;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Draws for many callers within limits that hold. A fixed number of native threads draws, and one more looks at requests; callers, of whatever
 * number and kind of thread, never reach LibTorch themselves. Jobs are drawn in the order in which they come; one more than
 * {@link ServiceConfig#queue()} allows is refused at once. Thread-safe, virtual threads included. Nothing is printed: what is worth it is logged
 * through SLF4J, prompts never.
 *
 * <pre>{@code
 * try (DiffusionPipeline pipeline = DiffusionPipeline.load(Path.of("my-model"));
 *         DiffusionService service = DiffusionService.borrowing("my-model", pipeline, ServiceConfig.DEFAULT)) {
 *     try (Job job = service.submit(GenerationRequest.of(r -> r.prompt("a red cat").seed(7)))) {
 *         Files.write(Path.of("cat.png"), job.await().pictures().get(0).png());
 *     }
 * }
 * }</pre>
 *
 * <p>For one caller at a time a {@link DiffusionPipeline} is the simpler way; the pictures are the same.
 */
public final class DiffusionService implements AutoCloseable {
    private final ServiceConfig config;
    private final String name;
    private final DiffusionPipeline pipeline;
    private final JobQueue queue;
    private final Desk desk;
    private final ScheduledThreadPoolExecutor clock;
    private final AtomicLong numbers = new AtomicLong();
    private final AtomicBoolean closing = new AtomicBoolean();

    private DiffusionService(String name, DiffusionPipeline pipeline, ServiceConfig config) {
        this.config = config;
        this.name = name;
        this.pipeline = pipeline;
        this.queue = new JobQueue(config);
        int spread = config.threads() > 0 ? config.threads() : Math.max(1, NativeThreads.spread() / config.workers());
        this.desk = new Desk(spread);
        this.clock = new ScheduledThreadPoolExecutor(1, body -> {
            Thread thread = new Thread(body, "diffusion4j-deadlines");
            thread.setDaemon(true);
            return thread;
        });
        clock.setRemoveOnCancelPolicy(true);
        Workers.start(config.workers(), spread, queue);
    }

    /**
     * Of one model, whose pipeline stays its owner's: close the service first.
     *
     * @param name what notes in pictures call the model: its folder
     */
    public static DiffusionService borrowing(String name, DiffusionPipeline pipeline, ServiceConfig config) {
        return new DiffusionService(name, pipeline, config);
    }

    /** {@link #submit(ServiceRequest, JobListener)} of these pictures, with all else as the service and the model have it. */
    public Job submit(GenerationRequest request) {
        return submit(ServiceRequest.of(request));
    }

    /** {@link #submit(ServiceRequest, JobListener)} with nobody who listens. */
    public Job submit(ServiceRequest request) {
        return submit(request, JobListener.NONE);
    }

    /**
     * Asks for pictures. The request is looked at before this returns, which takes milliseconds; they are drawn later.
     *
     * @param listener sees the job on its way
     * @return the job; whoever may lose interest closes it
     * @throws QueueFullException at once, where as many wait as may
     * @throws Problem where the model cannot draw what is asked for
     * @throws IllegalArgumentException where its algorithm cannot run so
     * @throws java.util.concurrent.CancellationException where the calling thread is interrupted; it stays so
     * @throws IllegalStateException where the service is closed
     */
    public Job submit(ServiceRequest request, JobListener listener) {
        long begun = System.nanoTime();
        queue.admit();
        Job job;
        try {
            Drawing drawing = desk.ask(() -> drawing(request), Drawing::close);
            job = new Job(numbers.incrementAndGet(), request, drawing, listener, queue);
        } catch (Throwable e) {
            queue.leave();
            throw e;
        }
        Duration timeout = request.timeout() == null ? config.timeout() : request.timeout();
        if (!queue.add(job)) {
            job.abandon();
        }
        if (timeout != null) {
            expireAfter(timeout.minusNanos(System.nanoTime() - begun), job);
        }
        return job;
    }

    private void expireAfter(Duration left, Job job) {
        Future<?> expiry = clock.schedule(job::expire, left.toMillis(), TimeUnit.MILLISECONDS);
        job.onEnd(() -> expiry.cancel(false));
    }

    private Drawing drawing(ServiceRequest request) {
        DiffusionPipeline with = pipeline;
        GenerationRequest drawn = request.drawing();
        if (request.scheduler() != null) {
            Chosen chosen = request.scheduler().on(pipeline, drawn);
            with = chosen.pipeline();
            drawn = chosen.request();
        }
        return new Drawing(DrawingJob.of(with, drawn, Path.of(name)), request.previews());
    }

    /** The jobs that are not over, in the order in which they came. */
    public List<Job> jobs() {
        return queue.unfinished();
    }

    /** Its limits. */
    public ServiceConfig config() {
        return config;
    }

    /** {@link #close(Duration)} with the time that {@link ServiceConfig#closing()} gives. */
    @Override
    public void close() {
        close(config.closing());
    }

    /**
     * Refuses new jobs, lets those that are there end, cancels what is left when the time is over, and returns when nothing is at work any
     * more. An interrupt of this thread cancels them at once; it stays interrupted. Closing twice is fine.
     *
     * @throws IllegalStateException where a listener of a job calls it
     */
    public void close(Duration most) {
        Workers.checkNotOne("close the service");
        queue.close();
        boolean interrupted = false;
        boolean empty = false;
        try {
            empty = queue.awaitEmpty(ServiceConfig.bounded(most));
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (!empty) {
            queue.abandon().forEach(Job::abandon);
            queue.awaitEmpty();
        }
        if (closing.compareAndSet(false, true)) {
            desk.close();
            clock.shutdownNow();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
