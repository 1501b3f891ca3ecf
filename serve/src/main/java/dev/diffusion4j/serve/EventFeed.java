// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import jakarta.servlet.AsyncContext;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The events of a job on their way to one reader, until the job is over or the reader gone. No thread waits for either. */
final class EventFeed {
    private static final Logger LOG = LoggerFactory.getLogger(EventFeed.class);
    private static final int KEEP_ALIVE = 50;

    private final KeptJob job;
    private final Function<KeptJob.Event, Object> form;
    private final EventStream stream;
    private final ClientWatch watch;
    private final ScheduledExecutorService threads;
    private final AsyncContext request;
    private boolean isOver;
    private final AtomicBoolean isDue = new AtomicBoolean();
    private final Runnable ask = this::ask;
    private long seen;
    private int turns;
    private @Nullable Future<?> rhythm;

    /**
     * @param seen the number of the last event that the reader has
     * @param form of an event's data
     * @param request ends with the feed
     */
    EventFeed(
            KeptJob job,
            long seen,
            Function<KeptJob.Event, Object> form,
            EventStream stream,
            ClientWatch watch,
            ScheduledExecutorService threads,
            AsyncContext request) {
        this.job = job;
        this.seen = seen;
        this.form = form;
        this.stream = stream;
        this.watch = watch;
        this.threads = threads;
        this.request = request;
    }

    /** Begins. */
    synchronized void start() {
        job.onChange(ask);
        rhythm = threads.scheduleWithFixedDelay(this::turn, 0, Waiting.RHYTHM, TimeUnit.MILLISECONDS);
    }

    /** Something has happened to the job. */
    private void ask() {
        if (isDue.compareAndSet(false, true)) {
            try {
                threads.execute(this::send);
            } catch (RejectedExecutionException e) {
                end(); // the server has stopped
            }
        }
    }

    private void turn() {
        synchronized (this) {
            turns++;
            if (!isOver && watch.isGone()) {
                end();
            } else if (!isOver && turns % KEEP_ALIVE == 0 && !stream.isBehind()) {
                tried(stream::keepAlive);
            }
        }
        send();
    }

    private synchronized void send() {
        isDue.set(false);
        boolean wasOver = job.isOver();
        if (isOver || stream.isBehind()) {
            return; // what is not sent now comes in a later turn, as far as it is still of use
        }
        tried(() -> {
            for (KeptJob.Event event : job.after(seen)) {
                stream.send(event.number(), event.name(), form.apply(event));
                seen = event.number();
            }
            if (wasOver) {
                end();
            }
        });
    }

    private void tried(Runnable sending) {
        try {
            sending.run();
        } catch (ClientGone e) {
            end();
        } catch (RuntimeException e) {
            LOG.error("events could not be sent", e);
            end();
        }
    }

    /** Ends the request, where the server has not done so, since its client was gone. */
    private synchronized void end() {
        if (isOver) {
            return;
        }
        isOver = true;
        job.forget(ask);
        Future<?> turning = rhythm;
        if (turning != null) {
            turning.cancel(false);
        }
        try {
            request.complete();
        } catch (IllegalStateException e) {
            LOG.debug("a reader of events was gone before");
        }
    }
}
