// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.IteratingCallback;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request on its way. Whoever writes it never waits for the client: what that does not read at once is held here, as far as {@link Unsent}
 * allows, and sent as it reads. It is over when all is sent, or cannot be.
 */
final class Outbox extends Response.Wrapper implements Callback {
    /** The attribute of a request that holds its own. */
    static final String ATTRIBUTE = Outbox.class.getName();

    private final Callback whole;
    private final Unsent unsent;
    private final Sending sending = new Sending();
    private final Deque<Piece> pieces = new ArrayDeque<>();
    private final List<Runnable> last = new ArrayList<>();
    private long bytes;
    private long moved = System.nanoTime();
    private boolean hasLast;
    private boolean isWritten;
    private @Nullable Throwable failure;

    private record Piece(boolean isLast, ByteBuffer bytes, int size) {}

    /** Sends one piece after the other. */
    private final class Sending extends IteratingCallback {
        private int size;

        @Override
        protected Action process() {
            Piece piece;
            synchronized (Outbox.this) {
                sent(size);
                size = 0;
                piece = pieces.poll();
                if (piece == null) {
                    return isWritten ? Action.SUCCEEDED : Action.IDLE;
                }
                size = piece.size;
            }
            getWrapped().write(piece.isLast, piece.bytes, this);
            return Action.SCHEDULED;
        }

        @Override
        protected void onCompleteSuccess() {
            end(null);
        }

        @Override
        protected void onCompleteFailure(Throwable cause) {
            end(cause);
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    }

    /** @param whole hears of the end */
    Outbox(Request request, Response response, Callback whole, Unsent unsent) {
        super(request, response);
        this.whole = whole;
        this.unsent = unsent;
    }

    /** @param runnable runs when it is over, the latest first */
    synchronized void onEnd(Runnable runnable) {
        last.add(0, runnable);
    }

    /** Whether the client does not read what is there already. */
    synchronized boolean isBehind() {
        return bytes > 0;
    }

    /** For how many nanoseconds nothing has been sent, while something was there; 0 where nothing is. */
    synchronized long stuck(long now) {
        return bytes == 0 ? 0 : now - moved;
    }

    @Override
    public void write(boolean isLast, @Nullable ByteBuffer buffer, Callback callback) {
        byte[] copy = new byte[buffer == null ? 0 : buffer.remaining()];
        if (buffer != null) {
            buffer.get(copy);
        }
        Throwable why = unsent.take(this, copy.length) ? add(isLast, copy) : new TooSlow();
        if (why == null) {
            sending.iterate();
            callback.succeeded();
        } else {
            drop(why);
            callback.failed(why);
        }
    }

    private synchronized @Nullable Throwable add(boolean isLast, byte[] copy) {
        if (failure != null) {
            unsent.give(this, copy.length, bytes > 0);
            return failure;
        }
        if (bytes == 0) {
            moved = System.nanoTime();
        }
        bytes += copy.length;
        unsent.hold(this);
        hasLast |= isLast;
        pieces.add(new Piece(isLast, ByteBuffer.wrap(copy), copy.length));
        return null;
    }

    /** With the lock. */
    private void sent(int size) {
        bytes -= size;
        moved = System.nanoTime();
        unsent.give(this, size, bytes > 0);
    }

    @Override
    public synchronized boolean hasLastWrite() {
        return hasLast;
    }

    /** All is written, and to be sent. */
    @Override
    public void succeeded() {
        synchronized (this) {
            isWritten = true;
        }
        sending.iterate();
    }

    @Override
    public void failed(Throwable why) {
        synchronized (this) {
            failure = failure == null ? why : failure;
        }
        sending.abort(why);
    }

    /** Nothing more is sent, and the connection closed. */
    void drop(Throwable why) {
        synchronized (this) {
            failure = failure == null ? why : failure;
        }
        getRequest().getConnectionMetaData().getConnection().getEndPoint().close(why);
        sending.abort(why);
    }

    private void end(@Nullable Throwable why) {
        List<Runnable> all;
        synchronized (this) {
            failure = why == null ? failure : why;
            pieces.clear();
            unsent.give(this, bytes, false);
            bytes = 0;
            all = List.copyOf(last);
            last.clear();
        }
        all.forEach(Runnable::run);
        if (why == null) {
            whole.succeeded();
        } else {
            whole.failed(why);
        }
    }

    @Override
    public InvocationType getInvocationType() {
        return whole.getInvocationType();
    }
}
