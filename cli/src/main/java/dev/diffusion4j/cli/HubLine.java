// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.hub.HubProgress;
import java.io.PrintStream;
import java.util.concurrent.atomic.AtomicLong;

/** One line on a terminal that says how much came from the Hub; nothing elsewhere. */
final class HubLine implements HubProgress, AutoCloseable {
    private static final long RHYTHM = 200_000_000; // nanoseconds

    private final boolean isShown = Boolean.getBoolean("diffusion4j.terminal");
    private final PrintStream to = System.err;
    private final long begun = System.nanoTime();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong shown = new AtomicLong(begun);
    private volatile boolean isWritten;

    @Override
    public void onBytes(long count) {
        bytes.addAndGet(count);
        long now = System.nanoTime();
        long last = shown.get();
        if (isShown && now - last > RHYTHM && shown.compareAndSet(last, now)) {
            double megabytes = bytes.get() / 1e6;
            to.printf("\rfrom the Hub: %,.1f MB, %,.1f MB/s ", megabytes, megabytes / ((now - begun) / 1e9));
            to.flush();
            isWritten = true;
        }
    }

    @Override
    public void close() {
        if (isWritten) {
            to.println();
        }
    }
}
