// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.drawing.DrawingJob;
import dev.diffusion4j.drawing.SchedulerSelection;
import dev.diffusion4j.drawing.SchedulerSelection.Chosen;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.NativeThreads;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

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
    private final SafeMeter meter;
    private final Models models;
    private final JobQueue queue;
    private final Desk desk;
    private final ScheduledThreadPoolExecutor clock;
    private final AtomicLong numbers = new AtomicLong();
    private final AtomicBoolean closing = new AtomicBoolean();

    /** @param opening makes the models, on the thread that looks at requests */
    private DiffusionService(Function<SafeMeter, Models> opening, ServiceConfig config) {
        this.config = config;
        this.meter = new SafeMeter(config.meter());
        this.queue = new JobQueue(config);
        int spread = config.threads() > 0 ? config.threads() : Math.max(1, NativeThreads.spread() / config.workers());
        this.desk = new Desk(spread);
        this.clock = new ScheduledThreadPoolExecutor(1, body -> {
            Thread thread = new Thread(body, "diffusion4j-deadlines");
            thread.setDaemon(true);
            return thread;
        });
        clock.setRemoveOnCancelPolicy(true);
        try {
            this.models = desk.ask(() -> opening.apply(meter), Models::close);
        } catch (Throwable e) {
            desk.close(() -> {});
            throw e;
        }
        try {
            Workers.start(config.workers(), spread, queue, models);
        } catch (Throwable e) {
            desk.close(models::close);
            throw e;
        }
    }

    /**
     * Of one model, whose pipeline stays its owner's: close the service first.
     *
     * @param name what notes in pictures call the model: its folder
     */
    public static DiffusionService borrowing(String name, DiffusionPipeline pipeline, ServiceConfig config) {
        return new DiffusionService(meter -> Models.borrowing(name, pipeline), config);
    }

    /**
     * Of several models, which live together within {@link ServiceConfig#memory()}: a network is read when a job first needs it, one that several
     * models share is there once, and those that were not used longest go where another needs the room.
     *
     * @param models by the names that requests use, the usual one first; there may be none at first, see {@link #add}
     * @throws Problem naming what is wrong with one, as far as its files say it
     * @throws java.util.concurrent.CancellationException where the calling thread is interrupted; it stays so
     */
    public static DiffusionService open(Map<String, ServiceModel> models, ServiceConfig config) {
        Map<String, ServiceModel> places = new LinkedHashMap<>(models);
        return new DiffusionService(meter -> Models.open(places, new PartStore(meter)), config);
    }

    /** The names of its models, the usual one first. */
    public Set<String> models() {
        return models.names();
    }

    /**
     * One more model, which the others share the memory with; nothing where it is there under this name.
     *
     * @throws Problem naming what is wrong with it, as far as its files say it
     * @throws java.util.concurrent.CancellationException where the calling thread is interrupted; it stays so
     * @throws ServiceClosedException where the service is closed
     * @throws IllegalStateException where it draws with a pipeline that was borrowed
     */
    public void add(String name, ServiceModel model) {
        desk.ask(
                () -> {
                    models.add(name, model);
                    return name;
                },
                unwanted -> {});
    }

    /** No further request is drawn with a model; those that are there end. Nothing where there is none of this name. */
    public void remove(String name) {
        models.remove(name);
    }

    /** The bytes of the weights of its models that are in memory; 0 for a pipeline that was borrowed. */
    public long networkBytes() {
        return models.bytes();
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
     * @throws ServiceClosedException where the service is closed
     */
    public Job submit(ServiceRequest request, JobListener listener) {
        long begun = System.nanoTime();
        admit();
        Job job;
        try {
            Drawing drawing = desk.ask(() -> drawing(request), Drawing::close);
            job = new Job(numbers.incrementAndGet(), request, drawing, listener, queue, meter);
            meter.onSubmit();
        } catch (Throwable e) {
            queue.leave();
            throw e;
        }
        Duration timeout = request.timeout() == null ? config.timeout() : request.timeout();
        if (!queue.add(job)) {
            job.abandon();
        } else if (timeout != null) {
            expireAfter(timeout.minusNanos(System.nanoTime() - begun), job);
        }
        return job;
    }

    private void admit() {
        try {
            queue.admit();
        } catch (QueueFullException e) {
            meter.onRefuse();
            throw e;
        }
    }

    private void expireAfter(Duration left, Job job) {
        try {
            Future<?> expiry = clock.schedule(job::expire, left.toMillis(), TimeUnit.MILLISECONDS);
            job.onEnd(() -> expiry.cancel(false));
        } catch (RejectedExecutionException e) {
            job.abandon(); // the service was closed meanwhile
        }
    }

    private Drawing drawing(ServiceRequest request) {
        String name = models.nameOf(request.model());
        Chosen chosen = chosen(name, request);
        DrawingJob job = DrawingJob.of(chosen.pipeline(), chosen.request(), models.place(name));
        try {
            Memory.Need need = job.pipeline()
                    .estimate(job.request())
                    .map(found -> Memory.Need.of(name, found))
                    .orElse(Memory.Need.unknown(name));
            queue.check(need);
            return new Drawing(job, need, likeness(name, request, job), request.previews(), meter);
        } catch (Throwable e) {
            job.close();
            throw e;
        }
    }

    private Drawing.@Nullable Likeness likeness(String name, ServiceRequest request, DrawingJob job) {
        return !(config.shares() || request.shares())
                ? null
                : job.likeness()
                        .map(of -> new Drawing.Likeness(name, request.loras(), request.scheduler(), of))
                        .orElse(null);
    }

    private Chosen chosen(String name, ServiceRequest request) {
        DiffusionPipeline own = models.pipeline(name, request.loras());
        DiffusionPipeline pipeline = request.guidances().isEmpty() ? own : own.steeredBy(request.guidances());
        SchedulerSelection scheduler = request.scheduler();
        if (scheduler == null) {
            return new Chosen(pipeline, request.drawing());
        }
        Chosen chosen = scheduler.on(pipeline, request.drawing());
        Integer most = scheduler.steps() == null ? request.mostSteps() : null;
        return most == null || chosen.request().steps() <= most
                ? chosen
                : new Chosen(chosen.pipeline(), chosen.request().with(r -> r.steps(most)));
    }

    /**
     * What a request will take; nothing is drawn.
     *
     * @return empty where the model's networks do not say it
     * @throws Problem where the model cannot draw what is asked for
     * @throws java.util.concurrent.CancellationException where the calling thread is interrupted; it stays so
     * @throws ServiceClosedException where the service is closed
     */
    public Optional<ServiceEstimate> estimate(ServiceRequest request) {
        queue.checkOpen();
        return desk.ask(
                () -> {
                    Chosen chosen = chosen(models.nameOf(request.model()), request);
                    DiffusionPipeline pipeline = chosen.pipeline();
                    return pipeline.estimate(chosen.request())
                            .map(found -> new ServiceEstimate(
                                    found.peakBytes(),
                                    found.weightBytes(),
                                    found.seconds(SpeedProbe.current(), pipeline.precision())));
                },
                unwanted -> {});
    }

    /**
     * What {@code body} returns on the thread that looks at requests, for callers who may not reach LibTorch themselves.
     *
     * @param body must be brief
     * @throws java.util.concurrent.CancellationException where the calling thread is interrupted; it stays so
     * @throws ServiceClosedException where the service is closed
     */
    public <R> R compute(Supplier<R> body) {
        return desk.ask(body, unwanted -> {});
    }

    /**
     * Looks at a model, on the thread that looks at requests.
     *
     * @param look must be brief, and what it returns must hold no native memory
     * @throws Problem (a wrong request) where there is none of that name
     * @throws java.util.concurrent.CancellationException where the calling thread is interrupted; it stays so
     * @throws ServiceClosedException where the service is closed
     */
    public <R> R look(String model, Function<DiffusionPipeline, R> look) {
        return compute(() -> look.apply(models.pipeline(model, List.of())));
    }

    /** The jobs that are not over, in the order in which they came. */
    public List<Job> jobs() {
        return queue.unfinished();
    }

    /** Whether it takes requests; not once it is being closed. */
    public boolean isOpen() {
        return queue.isOpen();
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
            desk.close(models::close);
            clock.shutdownNow();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
