// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.load;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/** Callers, each on a thread of its own that stays, who take one task after the other. */
final class Crowd implements AutoCloseable {
    private final ThreadPoolExecutor threads;

    Crowd(int callers) {
        threads = (ThreadPoolExecutor) Executors.newFixedThreadPool(callers, body -> {
            Thread thread = new Thread(body, "caller");
            thread.setDaemon(true);
            return thread;
        });
        threads.prestartAllCoreThreads();
    }

    int size() {
        return threads.getCorePoolSize();
    }

    /**
     * Waits until all tasks are done.
     *
     * @param task takes the numbers from 0
     * @return seconds
     */
    double run(int tasks, IntConsumer task) {
        AtomicInteger next = new AtomicInteger();
        List<Future<?>> ends = new ArrayList<>();
        long begun = System.nanoTime();
        for (int caller = 0; caller < size(); caller++) {
            ends.add(threads.submit(() -> {
                for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
                    task.accept(i);
                }
            }));
        }
        for (Future<?> end : ends) {
            try {
                end.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException("a caller failed", e.getCause());
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        return (System.nanoTime() - begun) / 1e9;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
