// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.get_num_threads;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Splits pictures over as many threads as LibTorch would use here: always the same pictures to the same part, so that sums over
 * parts come out equal each time.
 */
final class Parallel {
    private static @Nullable ExecutorService pool;

    private Parallel() {}

    /** Works on the pictures {@code first … last−1}. */
    @FunctionalInterface
    interface Body {
        void run(int first, int last, int part);
    }

    /** How many parts {@link #run} makes on this thread at most. */
    static int parts() {
        return Math.max(1, get_num_threads());
    }

    static void run(int count, Body body) {
        int parts = Math.min(parts(), count);
        if (parts == 1) {
            body.run(0, count, 0);
            return;
        }
        List<Future<?>> others = new ArrayList<>();
        for (int i = 1; i < parts; i++) {
            int part = i;
            others.add(pool().submit(() ->
                    body.run((int) ((long) count * part / parts), (int) ((long) count * (part + 1) / parts), part)));
        }
        body.run(0, count / parts, 0);
        for (Future<?> other : others) {
            await(other);
        }
    }

    private static synchronized ExecutorService pool() {
        ExecutorService known = pool;
        if (known == null) {
            known = Executors.newCachedThreadPool(body -> {
                Thread thread = new Thread(body, "diffusion4j-kernels");
                thread.setDaemon(true);
                return thread;
            });
            pool = known;
        }
        return known;
    }

    private static void await(Future<?> future) {
        try {
            future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }
}
