// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.pipeline.GenerationRequest;
import dev.diffusion4j.pipeline.NoiseMode;
import dev.diffusion4j.pipeline.StepEvent;
import dev.diffusion4j.pipeline.StepListener;
import java.util.Locale;

/** A line on the terminal that is written over and over; silent where stderr is no terminal. */
final class Progress implements StepListener, AutoCloseable {
    private static final long INTERVAL = 100_000_000L;

    private final String what;
    private final int batches;
    private final long start = System.nanoTime();
    private final boolean shown = Boolean.getBoolean("diffusion4j.terminal");
    private int done;
    private long last;

    private Progress(String what, int batches) {
        this.what = what;
        this.batches = batches;
    }

    static Progress steps(String what, GenerationRequest request) {
        int size = request.noise() == NoiseMode.SHARED ? request.count() : request.batchSize();
        return new Progress(what, (request.count() + size - 1) / size);
    }

    @Override
    public void onStep(StepEvent event) {
        done++;
        long now = System.nanoTime();
        if (!shown || now - last < INTERVAL) {
            return;
        }
        last = now;
        int total = event.steps() * batches;
        double left = (now - start) / 1e9 / done * (total - done);
        int filled = 30 * done / total;
        System.err.printf(
                Locale.ROOT,
                "\r%s %s%s %d/%d, %.0f s left ",
                what,
                "█".repeat(filled),
                "░".repeat(30 - filled),
                done,
                total,
                left);
        System.err.flush();
    }

    @Override
    public void close() {
        if (shown && last != 0) {
            System.err.print("\r\u001b[K");
            System.err.flush();
            last = 0;
        }
    }
}
