// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.load;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Does things later. */
final class Moment implements AutoCloseable {
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(body -> {
        Thread thread = new Thread(body, "moments");
        thread.setDaemon(true);
        return thread;
    });

    Moment() {
        clock.execute(() -> {}); // its thread is there from now on
    }

    /** @return {@code null} where the time never comes */
    @Nullable
    ScheduledFuture<?> after(double seconds, Runnable action) {
        return Double.isInfinite(seconds)
                ? null
                : clock.schedule(action, Math.round(seconds * 1e9), TimeUnit.NANOSECONDS);
    }

    static void forget(@Nullable ScheduledFuture<?> planned) {
        if (planned != null) {
            planned.cancel(false);
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
