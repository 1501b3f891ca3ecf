// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.tensor.World;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Says every half second that this process lives, on a thread of its own, whatever the others are at. */
final class HeartBeat implements AutoCloseable {
    /** Longer than a pause of the JVM, or of a machine that is busy. */
    static final Duration SILENCE = Duration.ofSeconds(4);

    private static final Duration BETWEEN = Duration.ofMillis(500);

    private final MeetingPlace meeting;
    private final Thread thread;
    private volatile boolean stopped;

    /** @param meeting of its own; closed with it */
    HeartBeat(MeetingPlace meeting, World world) {
        this.meeting = meeting;
        this.thread = new Thread(() -> beat(name(world.rank())), "heartbeat");
        thread.setDaemon(true);
        thread.start();
    }

    /** The number that a process counts up. */
    static String name(int rank) {
        return "beat/" + rank;
    }

    private void beat(String name) {
        try {
            while (!stopped) {
                meeting.count(name);
                LockSupport.parkNanos(BETWEEN.toNanos());
            }
        } catch (RuntimeException e) {
            return; // the meeting place is gone, which the exchanges will notice
        }
    }

    @Override
    public void close() {
        stopped = true;
        LockSupport.unpark(thread);
        try {
            thread.join(SILENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!thread.isAlive()) {
            meeting.close();
        }
    }
}
