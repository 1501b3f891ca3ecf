// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.Cancellation;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a service was asked for, on its way. Thread-safe; none of its methods calls native code, and none holds a monitor while it waits, so that any
 * number of platform or virtual threads may follow and await jobs.
 *
 * <p>A job ends early where it is cancelled, its deadline passes, the thread that awaits it is interrupted, or it is closed. It then stops
 * within one step, or at once where it waits for its turn, and its result is a {@link CancellationException}. All its native memory is free when its
 * result is there, except what it had in a batch that it shared with others, which is free when that batch ends. Whoever may go away should hold it in a {@code try}, which closes it.
 */
public final class Job implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Job.class);

    private final long number;
    private final ServiceRequest request;
    private final Drawing drawing;
    private final JobListener listener;
    private final JobQueue queue;
    private final ServiceMeter meter;
    private final Cancellation cancellation = new Cancellation();
    private final Result result = new Result();
    private final ReentrantLock lock = new ReentrantLock();
    private volatile JobState state = JobState.WAITING;
    private volatile JobProgress progress;
    private final long submitted = System.nanoTime();
    private volatile long begun;
    private volatile long ended;
    private @Nullable Ending ending;
    private @Nullable Runnable onEnd;

    /** Why a job ends early. */
    private record Ending(JobState state, String reason) {
        CancellationException exception() {
            return state == JobState.EXPIRED ? new JobExpiredException(reason) : new CancellationException(reason);
        }
    }

    /** Cancelled by whoever holds it, it cancels the job. */
    private final class Result extends CompletableFuture<JobResult> {
        @Override
        public boolean cancel(boolean mayInterrupt) {
            Job.this.cancel();
            return super.cancel(mayInterrupt);
        }

        @Override
        public <U> CompletableFuture<U> newIncompleteFuture() {
            return new CompletableFuture<>();
        }
    }

    /** @param drawing closed with the job */
    Job(
            long number,
            ServiceRequest request,
            Drawing drawing,
            JobListener listener,
            JobQueue queue,
            ServiceMeter meter) {
        this.number = number;
        this.request = request;
        this.drawing = drawing;
        this.listener = listener;
        this.queue = queue;
        this.meter = meter;
        this.progress = JobProgress.begin(drawing.count());
    }

    /** Counts the jobs of a service, from 1. */
    public long number() {
        return number;
    }

    /** What was asked for. */
    public ServiceRequest request() {
        return request;
    }

    /** How far it is. */
    public JobState state() {
        return state;
    }

    /** How long it has been drawn, until now or until it was over. */
    public Duration time() {
        long until = ended == 0 ? System.nanoTime() : ended;
        return begun == 0 ? Duration.ZERO : Duration.ofNanos(until - begun);
    }

    /** How far its pictures are. */
    public JobProgress progress() {
        return progress;
    }

    /** How many jobs have their turn before it; −1 where it does not wait. */
    public int waitingBefore() {
        return queue.before(this);
    }

    /**
     * Has its turn earlier or later than those that came before or after it.
     *
     * @param before how many jobs that wait have theirs before it; the last place where there are fewer
     * @return whether it waits
     */
    public boolean moveTo(int before) {
        return queue.move(this, before);
    }

    /**
     * The pictures, or why there are none: a {@link Problem} of the drawing, a {@link CancellationException}. To cancel this very future is to cancel
     * the job; what is derived of it stands for itself. What depends on it runs on the service's native thread, and keeps that from the next
     * job, unless it is given an executor by the methods that end in {@code Async}.
     */
    public CompletableFuture<JobResult> result() {
        return result;
    }

    /**
     * Waits for the pictures.
     *
     * @throws CancellationException where it was cancelled, a {@link JobExpiredException} where its deadline passed; or where this thread is interrupted, which cancels the job
     * @throws Problem where the pictures cannot be drawn, or another unchecked exception that the drawing ended with
     * @throws IllegalStateException where a listener of a job calls it, for whom it would never end
     */
    public JobResult await() {
        Workers.checkNotOne("await a job");
        try {
            return result.get();
        } catch (InterruptedException e) {
            end(JobState.CANCELLED, "who awaited the job was interrupted");
            throw Interrupts.cancelled("while waiting for pictures");
        } catch (ExecutionException e) {
            throw Desk.unchecked(e);
        } catch (CancellationException e) {
            throw cancelled(e);
        }
    }

    /** With the reason, which newer JDKs hide behind one of the future's own. */
    private CancellationException cancelled(CancellationException ofFuture) {
        lock.lock();
        try {
            return ending == null ? ofFuture : ending.exception();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends it early.
     *
     * @return whether it was not over
     */
    public boolean cancel() {
        return end(JobState.CANCELLED, "the job was cancelled");
    }

    Drawing drawing() {
        return drawing;
    }

    JobListener listener() {
        return listener;
    }

    /** Whether it can be drawn together with another one. */
    boolean isLike(Job other) {
        return drawing.likeness() != null && drawing.likeness().equals(other.drawing.likeness());
    }

    /** Its deadline has passed. */
    void expire() {
        end(JobState.EXPIRED, "the job's deadline has passed");
    }

    /** The service ends. */
    void abandon() {
        end(JobState.CANCELLED, "the service was closed");
    }

    /** Cancels it where it is not over: whoever wanted it is gone. Closing twice is fine. */
    @Override
    public void close() {
        end(JobState.CANCELLED, "the job was closed");
    }

    private boolean end(JobState how, String reason) {
        Ending known;
        lock.lock();
        try {
            if (state.isOver()) {
                return false;
            }
            known = ending == null ? new Ending(how, reason) : ending;
            ending = known;
            cancellation.cancel();
            if (state == JobState.RUNNING) {
                return true;
            }
            state = known.state;
        } finally {
            lock.unlock();
        }
        over(null, known.exception());
        return true;
    }

    /** @param value runs when it is over; at once where it is */
    void onEnd(Runnable value) {
        lock.lock();
        try {
            if (!state.isOver()) {
                onEnd = value;
                return;
            }
        } finally {
            lock.unlock();
        }
        value.run();
    }

    /** Draws alone, on the calling thread, after {@link #begin}; throws nothing. */
    void draw() {
        try {
            finish(drawing.draw(this, listener, cancellation), null);
        } catch (Throwable e) { // also an Error: the job ends with it, and the thread goes on
            finish(null, e);
        }
    }

    /** @return whether it is to be drawn: not where it has ended meanwhile */
    boolean begin() {
        lock.lock();
        try {
            if (state != JobState.WAITING) {
                return false;
            }
            state = JobState.RUNNING;
            begun = System.nanoTime();
        } finally {
            lock.unlock();
        }
        meter.onStart(Duration.ofNanos(begun - submitted));
        return true;
    }

    /** It ends so, where it is not over. */
    void fail(Throwable why) {
        lock.lock();
        try {
            if (state.isOver()) {
                return;
            }
            state = JobState.FAILED;
        } finally {
            lock.unlock();
        }
        over(null, why);
    }

    /** Whether it is to stop. */
    boolean isEnding() {
        lock.lock();
        try {
            return ending != null;
        } finally {
            lock.unlock();
        }
    }

    /** Once, after {@link #begin}. */
    void finish(@Nullable JobResult drawn, @Nullable Throwable failure) {
        Throwable why = failure;
        lock.lock();
        try {
            Ending early = ending;
            if (early != null) {
                state = early.state;
                why = early.exception();
            } else if (failure != null) {
                state = failure instanceof CancellationException ? JobState.CANCELLED : JobState.FAILED;
            } else {
                state = JobState.DONE;
            }
        } finally {
            lock.unlock();
        }
        if (state == JobState.FAILED && failure != null && !(failure instanceof Problem)) {
            LOG.warn("job {} failed with {}", number, failure.getClass().getName());
        }
        over(drawn, why);
    }

    /** Once, by who changed the state to one that is over. */
    private void over(@Nullable JobResult drawn, @Nullable Throwable failure) {
        ended = System.nanoTime();
        try {
            LOG.debug("job {} is over: {}", number, state);
            drawing.close();
            meter.onEnd(state, begun == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - begun));
            Runnable last = onEnd;
            if (last != null) {
                last.run();
            }
        } finally {
            queue.end(this);
            if (failure == null) {
                result.complete(drawn);
            } else {
                result.completeExceptionally(failure);
            }
        }
    }

    void progressed(JobProgress value) {
        progress = value;
    }
}
