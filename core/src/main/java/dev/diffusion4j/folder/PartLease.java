// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

/**
 * The right to use a network, until it is closed. Several may hold one network: it is freed when the last lease is closed and the last
 * running call has ended. Thread-safe.
 */
public final class PartLease implements LentModel {
    private final SharedPart part;
    private final Runnable ended;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** @param ended runs when this lease is closed */
    PartLease(SharedPart part, Runnable ended) {
        this.part = part;
        this.ended = ended;
        part.lease();
    }

    /** The one lease of a network, which is closed with it. */
    public static PartLease owning(Model network) {
        return only(SharedPart.of(network, true));
    }

    /** The one lease of a network that stays somebody else's. */
    public static PartLease borrowing(Model network) {
        return only(SharedPart.of(network, false));
    }

    private static PartLease only(SharedPart part) {
        return new PartLease(part, part::endLease);
    }

    /**
     * Runs {@code body} while the network is surely alive; where it was dropped, it is loaded first.
     *
     * @throws IllegalStateException where this lease is closed
     */
    @Override
    public <R> R use(Function<Model, R> body) {
        begin(part::beginCall);
        try {
            return body.apply(part.network());
        } finally {
            part.endCall();
        }
    }

    /**
     * Of the network without its weights where it can be made so.
     *
     * @throws IllegalStateException where this lease is closed
     */
    @Override
    public <R> R ask(Function<Model, R> body) {
        begin(part::beginQuestion);
        try {
            Model outline = part.outline();
            return outline == null ? use(body) : body.apply(outline);
        } finally {
            part.endQuestion();
        }
    }

    private void begin(Runnable counting) {
        synchronized (part) { // so that it is not closed in between
            if (closed.get()) {
                throw new IllegalStateException("this network is closed");
            }
            counting.run();
        }
    }

    /**
     * Frees the network's memory, for all who hold it, as soon as no call runs; the next call loads it again.
     *
     * @return whether it can be: not one that cannot be loaded again, or that is pinned
     */
    public boolean drop() {
        return part.drop();
    }

    /** From now on it is not dropped: something was made that knows this very network, or its files have changed. */
    public void pin() {
        part.pin();
    }

    /** Whether it is in memory. */
    public boolean isLoaded() {
        return part.isLoaded();
    }

    /** Gives it back; closing twice is fine. */
    @Override
    public void close() {
        synchronized (part) {
            if (!closed.compareAndSet(false, true)) {
                return;
            }
        }
        ended.run();
    }
}
