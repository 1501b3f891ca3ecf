// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.tensor.NativeThreads;
import java.util.List;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The native threads that draw, each one job, or several that share a batch, after the other. They end once the queue is closed and all jobs are over. */
final class Workers {
    private static final Logger LOG = LoggerFactory.getLogger(Workers.class);
    private static final ThreadLocal<Boolean> IS_ONE = ThreadLocal.withInitial(() -> false);

    private Workers() {}

    /** @param spread over how many threads an operation of LibTorch is spread */
    static void start(int count, int spread, JobQueue queue, Models models) {
        ExecutorService threads = NativeThreads.start("diffusion4j-worker", count, spread);
        for (int i = 0; i < count; i++) {
            threads.execute(() -> work(queue, models));
        }
        threads.shutdown();
    }

    private static void work(JobQueue queue, Models models) {
        IS_ONE.set(true);
        for (List<Job> jobs = queue.take(); !jobs.isEmpty(); jobs = queue.take()) {
            try {
                models.limit(queue.forNetworks());
                draw(jobs.stream().filter(Job::begin).toList());
            } catch (Throwable e) { // whoever awaits them hears of it, and the thread goes on
                LOG.error("a turn failed", e);
                jobs.forEach(job -> job.fail(e));
            } finally {
                queue.done(jobs);
                Thread.interrupted(); // what a listener did to its own job is over
            }
        }
    }

    private static void draw(List<Job> begun) {
        if (begun.size() == 1) {
            begun.get(0).draw();
        } else if (!begun.isEmpty()) {
            new SharedTurn(begun).draw();
        }
    }

    /** @throws IllegalStateException where the calling thread is one, for whom a wait would never end */
    static void checkNotOne(String what) {
        if (IS_ONE.get()) {
            throw new IllegalStateException("a listener of a job cannot " + what + ": it would wait for itself");
        }
    }
}
