// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.base.Interrupts;
import dev.diffusion4j.tensor.NativeThreads;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Splits pictures over as many threads as LibTorch would use: always the same pictures to the same part, so that sums over
 * parts come out equal each time. The caller works too, on whatever part nobody has begun, so a busy pool only makes it slower.
 */
final class Parallel {
    /** Shared by all callers; its threads end when they have had nothing to do for a while. */
    private static final Executor POOL = pool();

    private static final int PARTS_OF_THREAD = 4;

    private static @Nullable Executor alone;

    private Parallel() {}

    /** Works on the pictures {@code first … last−1}. */
    @FunctionalInterface
    interface Body {
        void run(int first, int last, int part);
    }

    /** How many parts {@link #run} makes on this thread at most. */
    static int parts() {
        return NativeThreads.spread();
    }

    /**
     * Returns, or throws, only when no part is at work any more: callers free the memory that the parts write to.
     *
     * @throws java.util.concurrent.CancellationException where the thread was interrupted meanwhile; it stays interrupted
     */
    static void run(int count, Body body) {
        run(count, parts(), body);
    }

    static void run(int count, int threads, Body body) {
        int parts = Math.min(threads, count);
        if (parts <= 1) {
            body.run(0, count, 0);
            return;
        }
        Work work = new Work(count, parts, body);
        try {
            for (int i = 1; i < parts; i++) {
                POOL.execute(work);
            }
        } catch (OutOfMemoryError e) {
            // the system gives no more threads: those that are there do the work
        }
        work.run();
        work.finish();
    }

    /**
     * As {@link #run}, for bodies that call LibTorch: each of its operations stays on the thread that calls it. The caller only waits, for
     * its own operations would spread. More parts than threads, so that one that is disturbed leaves work to the others.
     */
    static void runAlone(int count, Body body) {
        int threads = parts();
        int parts = Math.min(threads * PARTS_OF_THREAD, count);
        if (threads <= 1 || parts <= 1) {
            body.run(0, count, 0);
            return;
        }
        Executor pool = alone();
        Work work = new Work(count, parts, body);
        for (int i = 0; i < Math.min(threads, parts); i++) {
            pool.execute(work);
        }
        work.finish();
    }

    private static Executor pool() {
        int size = Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
        ThreadPoolExecutor made =
                new ThreadPoolExecutor(size, size, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), body -> {
                    Thread thread = new Thread(body, "diffusion4j-kernels");
                    thread.setDaemon(true);
                    return thread;
                });
        made.allowCoreThreadTimeOut(true);
        return made;
    }

    /** Threads on which LibTorch does not spread its operations. */
    private static synchronized Executor alone() {
        Executor known = alone;
        if (known == null) {
            known = NativeThreads.start(
                    "diffusion4j-blocks", Runtime.getRuntime().availableProcessors(), 1);
            alone = known;
        }
        return known;
    }

    /** The parts of one call. Each thread that runs it takes parts until none is left. */
    private static final class Work implements Runnable {
        private final int count;
        private final int parts;
        private final Body body;
        private final AtomicInteger next = new AtomicInteger();
        private final CountDownLatch unfinished;
        private volatile @Nullable Throwable failure;

        Work(int count, int parts, Body body) {
            this.count = count;
            this.parts = parts;
            this.body = body;
            unfinished = new CountDownLatch(parts);
        }

        @Override
        public void run() {
            for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
                try {
                    if (failure == null) {
                        body.run(start(part), start(part + 1), part);
                    }
                } catch (Throwable e) { // also an Error: the caller must hear of it
                    keep(e);
                } finally {
                    unfinished.countDown();
                }
            }
        }

        private int start(int part) {
            return (int) ((long) count * part / parts);
        }

        private synchronized void keep(Throwable e) {
            Throwable first = failure;
            if (first == null) {
                failure = e;
            } else if (first != e) {
                first.addSuppressed(e);
            }
        }

        /** Waits for the parts that others have begun, whatever happens. */
        void finish() {
            boolean interrupted = Thread.interrupted(); // also where nothing is left to wait for
            while (unfinished.getCount() > 0) {
                try {
                    unfinished.await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            Throwable known = failure;
            if (known instanceof Error error) {
                throw error;
            }
            if (known != null) {
                throw (RuntimeException) known; // a body throws nothing else
            }
            if (interrupted) {
                throw Interrupts.cancelled("between two layers");
            }
        }
    }
}
