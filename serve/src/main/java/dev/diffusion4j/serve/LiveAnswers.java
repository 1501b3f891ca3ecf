// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import io.javalin.http.Context;
import jakarta.servlet.AsyncContext;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Server-sent events of what has no events of its own: somebody looks on a rhythm for what is new, until the last event, the reader's end or the
 * server's. No thread waits for any of them. For routes of other modules.
 */
public final class LiveAnswers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LiveAnswers.class);
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

    private final Duration rhythm;
    private final ScheduledThreadPoolExecutor thread;
    private final Set<Answer> open = ConcurrentHashMap.newKeySet();

    /**
     * Something to say.
     *
     * @param data made of maps, lists, texts, numbers and booleans
     * @param isLast whether nothing comes after it
     */
    public record Event(String name, Object data, boolean isLast) {
        /** One that others may follow. */
        public Event(String name, Object data) {
            this(name, data, false);
        }
    }

    /** Looks for what is new; asked by one thread at a time. What it throws ends the answer. */
    @FunctionalInterface
    public interface Source {
        /** What is new since the last call; at the first one everything. */
        List<Event> next();
    }

    /**
     * Begins with none.
     *
     * @param name of the thread that asks all sources, and sends
     * @param rhythm between two looks
     */
    public LiveAnswers(String name, Duration rhythm) {
        this.rhythm = rhythm;
        this.thread = new ScheduledThreadPoolExecutor(1, body -> {
            Thread made = new Thread(body, name);
            made.setDaemon(true);
            return made;
        });
        thread.setRemoveOnCancelPolicy(true);
    }

    /** Answers a request with events; {@code HEAD} without any. */
    public void send(Context ctx, Source source) {
        if (EventStream.answersHead(ctx)) {
            return;
        }
        ctx.future(() -> {
            new Answer(source, ctx).start();
            return new CompletableFuture<>(); // which never ends: the end of the events ends the request
        });
    }

    /** Ends those that are there, and all that come later. */
    @Override
    public void close() {
        thread.shutdownNow();
        open.forEach(Answer::end);
    }

    /** To one reader. */
    private final class Answer {
        private final Source source;
        private final EventStream stream;
        private final ClientWatch watch;
        private final AsyncContext request;
        private long sentAt = System.nanoTime();
        private boolean isOver;
        private @Nullable Future<?> turning;

        Answer(Source source, Context ctx) {
            this.source = source;
            this.stream = new EventStream(ctx);
            this.watch = ClientWatch.of(ctx);
            this.request = ctx.req().getAsyncContext();
        }

        synchronized void start() {
            open.add(this);
            try {
                turning = thread.scheduleWithFixedDelay(this::turn, 0, rhythm.toMillis(), TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                end(); // the server stops
            }
        }

        private synchronized void turn() {
            if (isOver) {
                return;
            }
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
            if (events.stream().anyMatch(Event::isLast)) {
                end();
            } else if (!events.isEmpty()) {
                sentAt = System.nanoTime();
            } else if (System.nanoTime() - sentAt > KEEP_ALIVE.toNanos()) {
                stream.keepAlive();
                sentAt = System.nanoTime();
            }
        }

        synchronized void end() {
            if (isOver) {
                return;
            }
            isOver = true;
            open.remove(this);
            Future<?> turns = turning;
            if (turns != null) {
                turns.cancel(false);
            }
            try {
                request.complete();
            } catch (IllegalStateException e) {
                LOG.debug("a reader of events was gone before");
            }
        }
    }
}
