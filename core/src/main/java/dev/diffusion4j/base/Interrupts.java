// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/** One rule for every wait: an interrupt cancels the call, and the thread stays interrupted. */
public final class Interrupts {
    private Interrupts() {}

    /**
     * Sets the thread's interrupt flag again.
     *
     * @param activity what was interrupted: {@code "while waiting for pictures"}
     * @return the exception to throw
     */
    public static CancellationException cancelled(String activity) {
        Thread.currentThread().interrupt();
        return new CancellationException("interrupted " + activity);
    }

    /**
     * Waits.
     *
     * @param activity as in {@link #cancelled}
     * @throws CancellationException where the thread is interrupted
     */
    public static void sleep(Duration time, String activity) {
        try {
            TimeUnit.NANOSECONDS.sleep(time.toNanos());
        } catch (InterruptedException e) {
            throw cancelled(activity);
        }
    }

    /**
     * Ends threads, after what they are at, and waits for that, also after an interrupt: they use what the caller frees. The thread stays
     * interrupted.
     */
    public static void awaitEnd(ExecutorService workers) {
        workers.shutdown();
        boolean interrupted = false;
        while (!workers.isTerminated()) {
            try {
                workers.awaitTermination(1, TimeUnit.DAYS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
