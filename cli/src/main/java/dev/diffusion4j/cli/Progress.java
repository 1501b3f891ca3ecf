// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.pipeline.StepEvent;
import dev.diffusion4j.pipeline.StepListener;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.util.Locale;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * How far drawing is: a line that is written over and over on a terminal; elsewhere, where it takes longer than two seconds, a line
 * for each tenth.
 */
final class Progress implements StepListener, AutoCloseable {
    private static final long INTERVAL = 100_000_000L;
    private static final double TRIED_SECONDS = 2;
    private static final double LONG_SECONDS = 10;

    private final String what;
    private final int batches;
    private final LongSupplier nanoTime;
    private final long start;
    private final boolean shown = Boolean.getBoolean("diffusion4j.terminal");
    private int done;
    private long last;
    private long lastTenth;
    private @Nullable Runnable advice;

    Progress(String what, int batches, LongSupplier nanoTime) {
        this.what = what;
        this.batches = batches;
        this.nanoTime = nanoTime;
        this.start = nanoTime.getAsLong();
    }

    static Progress steps(String what, GenerationRequest request) {
        return calls(what, request, 1);
    }

    /** Of several calls for the same. */
    static Progress calls(String what, GenerationRequest request, int calls) {
        return new Progress(what, calls * request.batches(), System::nanoTime);
    }

    /** What to say, once, where this turns out to take long; known after two seconds. */
    Progress ifLong(@Nullable Runnable advice) {
        this.advice = advice;
        return this;
    }

    private void advise(double elapsed, double left) {
        Runnable due = advice;
        if (due != null && elapsed >= TRIED_SECONDS && left >= LONG_SECONDS) {
            advice = null;
            close();
            due.run();
        }
    }

    @Override
    public void onStep(StepEvent event) {
        done++;
        long now = nanoTime.getAsLong();
        int total = event.steps() * batches;
        double elapsed = (now - start) / 1e9;
        double left = elapsed / done * (total - done);
        advise(elapsed, left);
        if (!shown) {
            printTenth(total, elapsed, left);
            return;
        }
        if (now - last < INTERVAL) {
            return;
        }
        last = now;
        int filled = 30 * done / total;
        System.err.printf(
                Locale.ROOT,
                "\r%s %s%s %d/%d, %s left ",
                what,
                "█".repeat(filled),
                "░".repeat(30 - filled),
                done,
                total,
                Times.left(left));
        System.err.flush();
    }

    /** Not at the end, where the command says what it made. */
    private void printTenth(int total, double elapsed, double left) {
        long tenth = 10L * done / total;
        if (elapsed >= TRIED_SECONDS && tenth > lastTenth && done < total) {
            lastTenth = tenth;
            System.err.printf(Locale.ROOT, "%s: %d %%, %s left%n", what, 10 * tenth, Times.left(left));
            System.err.flush();
        }
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
