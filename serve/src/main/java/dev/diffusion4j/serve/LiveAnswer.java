// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import io.javalin.http.Context;
import jakarta.servlet.AsyncContext;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Server-sent events of what has no events of its own: somebody looks on a rhythm for what is new, until the reader is gone. No thread waits for
 * either. For routes of other modules.
 */
public final class LiveAnswer {
    private static final Logger LOG = LoggerFactory.getLogger(LiveAnswer.class);
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

    private final Source source;
    private final EventStream stream;
    private final ClientWatch watch;
    private final AsyncContext request;
    private long sentAt = System.nanoTime();
    private @Nullable Future<?> rhythm;

    /**
     * Something to say.
     *
     * @param data made of maps, lists, texts, numbers and booleans
     */
    public record Event(String name, Object data) {}

    /** Looks for what is new; asked by one thread at a time. What it throws ends the answer. */
    @FunctionalInterface
    public interface Source {
        /** What is new since the last call; at the first one everything. */
        List<Event> next();
    }

    private LiveAnswer(Source source, Context ctx) {
        this.source = source;
        this.stream = new EventStream(ctx);
        this.watch = ClientWatch.of(ctx);
        this.request = ctx.req().getAsyncContext();
    }

    /**
     * Answers a request with events.
     *
     * @param threads that ask the source, and send
     * @param rhythm between two looks
     */
    public static void send(Context ctx, ScheduledExecutorService threads, Duration rhythm, Source source) {
        ctx.future(() -> {
            new LiveAnswer(source, ctx).start(threads, rhythm);
            return new CompletableFuture<>(); // which never ends: the end of the reader ends the request
        });
    }

    private synchronized void start(ScheduledExecutorService threads, Duration every) {
        rhythm = threads.scheduleWithFixedDelay(this::turn, 0, every.toMillis(), TimeUnit.MILLISECONDS);
    }

    private synchronized void turn() {
        try {
            if (watch.isGone()) {
                end();
            } else if (!stream.isBehind()) { // what is not sent now comes in a later turn
                send();
            }
        } catch (ClientGone e) {
            end();
        } catch (RuntimeException e) {
            LOG.error("events could not be sent", e);
            end();
        }
    }

    private void send() {
        List<Event> events = source.next();
        events.forEach(event -> stream.send(null, event.name(), event.data()));
        if (!events.isEmpty()) {
            sentAt = System.nanoTime();
        } else if (System.nanoTime() - sentAt > KEEP_ALIVE.toNanos()) {
            stream.keepAlive();
            sentAt = System.nanoTime();
        }
    }

    private void end() {
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
