// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.util.concurrent.atomic.AtomicLong;

/** Bytes that several share, of which there are no more than so many. Thread-safe. */
final class ByteBudget {
    private final long most;
    private final AtomicLong taken = new AtomicLong();

    ByteBudget(long most) {
        this.most = most;
    }

    /** Whether there were so many left, which are now taken. */
    boolean take(long bytes) {
        long before = taken.get();
        while (before + bytes <= most) {
            if (taken.compareAndSet(before, before + bytes)) {
                return true;
            }
            before = taken.get();
        }
        return false;
    }

    void give(long bytes) {
        taken.addAndGet(-bytes);
    }

    /** Whether so many are left just now. */
    boolean hasRoomFor(long bytes) {
        return taken.get() + bytes <= most;
    }

    /** How many are taken. */
    long taken() {
        return taken.get();
    }
}
