// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What all answers hold that their clients have not read yet; where that is too much, those go first that have not moved for longest. Thread-safe. */
final class Unsent {
    /** Nanoseconds for a piece to be read, where others need the room. */
    private static final long PATIENCE = 1_000_000_000;
    /** Nanoseconds that who writes waits for room. */
    private static final long LONGEST = 5_000_000_000L;

    private static final long RHYTHM = 10;

    private final ByteBudget budget;
    private final Set<Outbox> all = ConcurrentHashMap.newKeySet();

    Unsent(long most) {
        this.budget = new ByteBudget(most);
    }

    /** Whether an answer may hold so many more, as soon as what is there has been read; not where it is its own client that does not read. */
    boolean take(Outbox outbox, long bytes) {
        long begun = System.nanoTime();
        while (!budget.take(bytes)) {
            long now = System.nanoTime();
            Optional<Outbox> slowest = slowest(outbox, now);
            if (slowest.isPresent()) {
                all.remove(slowest.get());
                slowest.get().drop(new TooSlow());
            } else if (now - begun > LONGEST || outbox.stuck(now) > PATIENCE || !isWaiting()) {
                return false;
            }
        }
        return true;
    }

    private static boolean isWaiting() {
        try {
            Thread.sleep(RHYTHM);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** An answer has something that is not sent. */
    void hold(Outbox outbox) {
        all.add(outbox);
    }

    private Optional<Outbox> slowest(Outbox but, long now) {
        return all.stream()
                .filter(outbox -> outbox != but && outbox.stuck(now) > PATIENCE)
                .max(Comparator.comparingLong(outbox -> outbox.stuck(now)));
    }

    /**
     * Those are sent, or never will be.
     *
     * @param isBehind whether there are more
     */
    void give(Outbox outbox, long bytes, boolean isBehind) {
        budget.give(bytes);
        if (!isBehind) {
            all.remove(outbox);
        }
    }

    /** Bytes of all. */
    long bytes() {
        return budget.taken();
    }
}
