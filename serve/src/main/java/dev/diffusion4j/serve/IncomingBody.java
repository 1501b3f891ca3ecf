// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.io.ByteArrayOutputStream;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;

/**
 * Takes in the body of a request as it comes, while no thread waits for it. It has to come at a pace, and to find room beside those of other requests;
 * of one that does not, the rest is read and dropped, since a client that still sends when its connection is closed never sees why.
 */
final class IncomingBody {
    /** What a connection may hold beside the budget, so that large bodies keep no small request out. */
    static final int FREE = 1 << 16;

    /** Seconds for a body to come in. */
    private static final double PATIENCE = 20;
    /** Bytes a second of one that is longer. */
    private static final double SLOWEST = 10_000;

    private static final long MOST_DROPPED = 64L << 20;

    private final Request request;
    private final int most;
    private final ByteBudget budget;
    private final Consumer<SentBody> taken;
    private final Consumer<Refusal> refused;
    private final long begun = System.nanoTime();
    private ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private long size;
    private long counted;
    private @Nullable Refusal refusal;
    private boolean isOver;

    /**
     * @param most bytes of one
     * @param budget of all
     * @param taken is called with it, on a thread that may wait
     * @param refused is called where there is none, on one that may not
     */
    IncomingBody(Request request, int most, ByteBudget budget, Consumer<SentBody> taken, Consumer<Refusal> refused) {
        this.request = request;
        this.most = most;
        this.budget = budget;
        this.taken = taken;
        this.refused = refused;
    }

    /** Whether a request has one. */
    static boolean isSentBy(Request request) {
        return request.getHeaders().getLongField(HttpHeader.CONTENT_LENGTH) > 0
                || request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING);
    }

    /** Begins; one of the two is called once, sooner or later. */
    void read() {
        long declared = request.getHeaders().getLongField(HttpHeader.CONTENT_LENGTH);
        if (declared > most) {
            refusal = tooLong();
        } else if (!budget.hasRoomFor(Math.max(0, declared - FREE))) {
            refusal = noRoom();
        }
        if (refusal != null && request.getHeaders().contains(HttpHeader.EXPECT)) {
            end(refusal); // which waits for a word before it sends anything
            return;
        }
        look();
        more();
    }

    private void more() {
        for (Content.Chunk chunk = request.read(); chunk != null; chunk = request.read()) {
            if (Content.Chunk.isFailure(chunk)) {
                end(late());
                return;
            }
            boolean isLast = chunk.isLast();
            synchronized (this) {
                byte[] piece = new byte[chunk.remaining()];
                chunk.getByteBuffer().get(piece);
                add(piece);
            }
            chunk.release();
            if (isLast || isEnough()) {
                end(refusal);
                return;
            }
        }
        request.demand(this::more);
    }

    /** With the lock. */
    private void add(byte[] piece) {
        size += piece.length;
        if (refusal != null || isOver) {
            return;
        }
        long more = Math.max(0, size - FREE) - counted;
        if (size > most) {
            drop(tooLong());
        } else if (!budget.take(more)) {
            drop(noRoom());
        } else {
            counted += more;
            kept.writeBytes(piece);
        }
    }

    /** With the lock: what there is goes, and what comes is not kept. */
    private void drop(@Nullable Refusal why) {
        refusal = why;
        kept = new ByteArrayOutputStream();
        budget.give(counted);
        counted = 0;
    }

    private synchronized boolean isEnough() {
        return isOver || refusal != null && size > MOST_DROPPED;
    }

    /** Whether it has come at a pace; looks again later. */
    private synchronized void look() {
        if (isOver) {
            return;
        }
        double allowed = PATIENCE + (refusal == null ? size / SLOWEST : 0);
        double left = allowed - (System.nanoTime() - begun) / 1e9;
        if (left <= 0) {
            Refusal known = refusal;
            request.getContext().execute(() -> end(known == null ? late() : known));
        } else {
            request.getComponents()
                    .getScheduler()
                    .schedule(this::look, (long) (left * 1000) + 1, TimeUnit.MILLISECONDS);
        }
    }

    private void end(@Nullable Refusal why) {
        SentBody body = null;
        synchronized (this) {
            if (isOver) {
                return;
            }
            isOver = true;
            if (why == null) {
                body = new SentBody(kept.toByteArray(), budget, counted);
                kept = new ByteArrayOutputStream();
            } else {
                drop(why);
            }
        }
        if (body != null) {
            SentBody sent = body;
            request.getContext().execute(() -> taken.accept(sent));
        } else if (why != null) {
            refused.accept(why);
        }
    }

    private Refusal tooLong() {
        return new Refusal(413, "a request must have at most " + most + " bytes", "request_too_large", null);
    }

    private static Refusal noRoom() {
        return new Refusal(503, "the bodies of other requests take all the room: try again", "too_many_bodies", null);
    }

    private static Refusal late() {
        return new Refusal(408, "the body of the request did not come in time", "timeout", null);
    }
}
