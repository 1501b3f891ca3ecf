// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import io.javalin.http.Context;
import jakarta.servlet.AsyncContext;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Server-sent events of something that changes, for the routes of another module. No thread waits for a reader. */
public final class Following {
    private static final Logger LOG = LoggerFactory.getLogger(Following.class);
    private static final int KEEP_ALIVE = 50;

    private final Supplier<@Nullable Change> changes;
    private final EventStream stream;
    private final ClientWatch watch;
    private final AsyncContext request;
    private @Nullable Future<?> rhythm;
    private boolean isOver;
    private int turns;

    /**
     * What is sent.
     *
     * @param event its name
     * @param data made of maps, lists, texts, numbers and booleans
     * @param isLast whether nothing comes after it
     */
    public record Change(String event, Object data, boolean isLast) {}

    private Following(Supplier<@Nullable Change> changes, EventStream stream, ClientWatch watch, AsyncContext request) {
        this.changes = changes;
        this.stream = stream;
        this.watch = watch;
        this.request = request;
    }

    /**
     * Answers with events until the last one, or until the reader has gone.
     *
     * @param threads that send, a few times a second
     * @param changes the next thing to be sent; {@code null} where nothing has changed since
     */
    public static void answer(Context ctx, ScheduledExecutorService threads, Supplier<@Nullable Change> changes) {
        EventStream stream = new EventStream(ctx);
        ClientWatch watch = ClientWatch.of(ctx);
        ctx.future(() -> {
            AsyncContext request = Objects.requireNonNull(ctx.req().getAsyncContext());
            new Following(changes, stream, watch, request).start(threads);
            return new CompletableFuture<>(); // which never ends: the request is ended with the last event
        });
    }

    private synchronized void start(ScheduledExecutorService threads) {
        rhythm = threads.scheduleWithFixedDelay(this::turn, 0, Waiting.RHYTHM, TimeUnit.MILLISECONDS);
    }

    private synchronized void turn() {
        turns++;
        if (isOver) {
            return;
        }
        try {
            if (watch.isGone()) {
                end();
            } else if (!stream.isBehind()) {
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
        Change change = changes.get();
        if (change != null) {
            stream.send(null, change.event(), change.data());
            if (change.isLast()) {
                end();
            }
        } else if (turns % KEEP_ALIVE == 0) {
            stream.keepAlive();
        }
    }

    private void end() {
        isOver = true;
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
