// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.bytedeco.pytorch.global.torch.get_num_threads;
import static org.bytedeco.pytorch.global.torch.set_num_threads;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Threads that call LibTorch. OpenMP makes a team of helpers for every thread that calls it, so that work belongs on few threads which stay.
 */
public final class NativeThreads {
    private NativeThreads() {}

    /** Over how many threads LibTorch spreads an operation of this thread. */
    public static int spread() {
        NativeRuntime.configure();
        return Math.max(1, get_num_threads());
    }

    /**
     * Starts daemon threads {@code name-1}, {@code name-2}, … which spread each operation of LibTorch over {@code spread} threads. That setting is
     * a thread's own, but threads that are new to LibTorch begin with the one made last: so these all make it at once, and then the usual one
     * is made again. Tasks must catch what they throw: a thread that takes a dead one's place would disturb the others.
     *
     * @return a pool of them, to be shut down by the caller, where it need not last as long as the process
     */
    public static synchronized ThreadPoolExecutor start(String name, int size, int spread) {
        NativeRuntime.configure();
        int usual = get_num_threads();
        Semaphore begun = new Semaphore(0);
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(size, size, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), body -> {
                    Thread thread = new Thread(
                            () -> {
                                get_num_threads(); // which makes the setting made last, in a thread's first call
                                set_num_threads(spread);
                                begun.release();
                                body.run();
                            },
                            name + "-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        try {
            begun.acquireUninterruptibly(pool.prestartAllCoreThreads());
            return pool;
        } catch (Throwable e) {
            pool.shutdownNow();
            throw e;
        } finally {
            set_num_threads(usual);
        }
    }
}
