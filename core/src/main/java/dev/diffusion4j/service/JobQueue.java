// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Who may come in, and whose turn it is: first come, first served. Each place that is admitted is left once. Thread-safe; its lock is held for
 * moments only, and no monitor is, so that virtual threads are not pinned.
 */
final class JobQueue {
    private final ServiceConfig config;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Job> waiting = new ArrayDeque<>();
    private final Set<Job> unfinished = new LinkedHashSet<>();
    private final Memory memory;
    private int admitted;
    private boolean closed;
    private boolean abandoned;

    JobQueue(ServiceConfig config) {
        this.config = config;
        this.memory = new Memory(config.memory());
    }

    /** @throws dev.diffusion4j.base.Problem (a wrong request) where a job could never have a turn */
    void check(Memory.Need need) {
        memory.check(need);
    }

    /** How many bytes networks may take beside what the jobs at work draw. */
    long forNetworks() {
        lock.lock();
        try {
            return memory.forNetworks();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a place.
     *
     * @throws QueueFullException at once, where there is none
     * @throws ServiceClosedException where nobody comes in any more
     */
    void admit() {
        lock.lock();
        try {
            checkOpen();
            if (admitted >= config.workers() + config.queue()) {
                throw QueueFullException.of(config.workers(), config.queue());
            }
            admitted++;
        } finally {
            lock.unlock();
        }
    }

    void checkOpen() {
        if (!isOpen()) {
            throw new ServiceClosedException();
        }
    }

    /** Whether it takes jobs. */
    boolean isOpen() {
        lock.lock();
        try {
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    /** Gives a place back that no job has. */
    void leave() {
        lock.lock();
        try {
            admitted--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * A job waits for its turn, with a place that was admitted.
     *
     * @return whether it will have one: not where all that was there has been given up
     */
    boolean add(Job job) {
        lock.lock();
        try {
            waiting.add(job);
            unfinished.add(job);
            changed.signalAll();
            return !abandoned;
        } finally {
            lock.unlock();
        }
    }

    /** A job is over, and its place free. */
    void end(Job job) {
        lock.lock();
        try {
            waiting.remove(job);
            if (unfinished.remove(job)) {
                admitted--;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Those whose turn it is, the next and those that share a batch with it, waited for whatever happens: until it fits in memory beside those at
     * work.
     *
     * @return empty once nobody comes in any more and all are over; else {@link #done} follows
     */
    List<Job> take() {
        lock.lock();
        try {
            while (!(closed && admitted == 0)) {
                Job next = waiting.peek();
                if (next != null && memory.hasRoomFor(next.drawing().need())) {
                    return together(next);
                }
                changed.awaitUninterruptibly();
            }
            return List.of();
        } finally {
            lock.unlock();
        }
    }

    private List<Job> together(Job first) {
        List<Job> jobs = new ArrayList<>();
        int pictures = 0;
        for (Job job : List.copyOf(waiting)) {
            Drawing drawing = job.drawing();
            boolean fits = pictures + drawing.count() <= config.batch() && memory.hasRoomFor(drawing.need());
            if (jobs.isEmpty() || fits && job.isLike(first)) {
                jobs.add(job);
                pictures += drawing.count();
                waiting.remove(job);
                memory.begin(drawing.need());
            }
        }
        return jobs;
    }

    /** What those took that had their turn is free again. */
    void done(List<Job> jobs) {
        lock.lock();
        try {
            jobs.forEach(job -> memory.end(job.drawing().need()));
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** From now on nobody comes in. */
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until all are over.
     *
     * @return whether they are
     */
    boolean awaitEmpty(Duration most) throws InterruptedException {
        long left = most.toNanos();
        lock.lockInterruptibly();
        try {
            while (admitted > 0 && left > 0) {
                left = changed.awaitNanos(left);
            }
            return admitted == 0;
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #awaitEmpty}, as long as it takes. */
    void awaitEmpty() {
        lock.lock();
        try {
            while (admitted > 0) {
                changed.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** From now on no job has a turn; those that are not over are to be ended by the caller, and by whoever adds one. */
    List<Job> abandon() {
        lock.lock();
        try {
            abandoned = true;
            return unfinished();
        } finally {
            lock.unlock();
        }
    }

    /** Those that are not over, in the order in which they came. */
    List<Job> unfinished() {
        lock.lock();
        try {
            return List.copyOf(unfinished);
        } finally {
            lock.unlock();
        }
    }

    /**
     * A job that waits has its turn earlier or later.
     *
     * @param before how many others have theirs before it; as many as there are where it is more
     * @return whether it waits
     */
    boolean move(Job job, int before) {
        lock.lock();
        try {
            if (!waiting.remove(job)) {
                return false;
            }
            List<Job> order = new ArrayList<>(waiting);
            order.add(Math.min(Math.max(0, before), order.size()), job);
            waiting.clear();
            waiting.addAll(order);
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** How many wait before a job; −1 where it does not wait. */
    int before(Job job) {
        lock.lock();
        try {
            return List.copyOf(waiting).indexOf(job);
        } finally {
            lock.unlock();
        }
    }
}
