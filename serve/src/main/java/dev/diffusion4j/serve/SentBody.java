// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The body of a request, whole, and its share of what all bodies may take, which is given back once. */
final class SentBody implements AutoCloseable {
    private final ByteBudget budget;
    private final long counted;
    private final AtomicBoolean isClosed = new AtomicBoolean();
    private byte @Nullable [] bytes;

    /** @param counted of the budget */
    SentBody(byte[] bytes, ByteBudget budget, long counted) {
        this.bytes = bytes;
        this.budget = budget;
        this.counted = counted;
    }

    /** What was sent, once: it is not held here any longer. */
    byte[] take() {
        byte[] taken = bytes;
        bytes = null;
        return taken == null ? new byte[0] : taken;
    }

    /** Nobody holds what was sent any more. Closing twice is fine. */
    @Override
    public void close() {
        bytes = null;
        if (isClosed.compareAndSet(false, true)) {
            budget.give(counted);
        }
    }
}
