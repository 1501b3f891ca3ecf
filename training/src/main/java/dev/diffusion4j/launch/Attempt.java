// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.launch;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** All processes, started once, until the last of them has ended. {@link #close} leaves none behind. */
final class Attempt implements AutoCloseable {
    private static final long TICK_MILLIS = 50;
    private static final long LAST_LINES_MILLIS = 2000;
    private static final long NEVER = Long.MAX_VALUE;

    private final LaunchPlan plan;
    private final LaunchListener listener;
    private final List<Process> processes = new ArrayList<>();
    private final List<LineReader> readers = new ArrayList<>();
    private final List<CompletableFuture<Void>> exits = new ArrayList<>();
    private final BlockingQueue<RankEnd> ends = new LinkedBlockingQueue<>();
    /** When those that still run are asked to end, and when they are killed: on the clock of {@link #now}. */
    private long askAt = NEVER;

    private long killAt = NEVER;

    Attempt(LaunchPlan plan, LaunchListener listener) {
        this.plan = plan;
        this.listener = listener;
    }

    /** @throws Problem (a failure) where a process cannot be started */
    void start(LaunchEnvironment environment) {
        for (int rank = 0; rank < plan.processes(); rank++) {
            ProcessBuilder builder = new ProcessBuilder(plan.command());
            environment.addTo(builder.environment(), rank);
            try {
                watch(builder.start(), rank);
            } catch (IOException e) {
                throw Problem.failure("cannot start the process of rank " + rank + ": " + AtomicFile.reason(e), e);
            }
        }
    }

    private void watch(Process process, int rank) {
        processes.add(process);
        readers.add(LineReader.start(process.getInputStream(), line -> listener.onLine(rank, line, false)));
        readers.add(LineReader.start(process.getErrorStream(), line -> listener.onLine(rank, line, true)));
        exits.add(process.onExit().thenAccept(ended -> ends.add(new RankEnd(rank, ended.exitValue()))));
    }

    /**
     * Waits for the end of all. After a failure the others notice, are asked to end, and are killed, as the plan says.
     *
     * @param stop becomes true when all are to end
     * @return the first that failed
     */
    Optional<RankEnd> await(BooleanSupplier stop) throws InterruptedException {
        @Nullable RankEnd failure = null;
        boolean hasStopped = false;
        for (int running = processes.size(); running > 0; ) {
            RankEnd end = ends.poll(TICK_MILLIS, TimeUnit.MILLISECONDS);
            if (end != null) {
                running--;
                if (failure == null && end.isFailure()) {
                    failure = end;
                    endIn(plan.patience().toMillis(), plan.failureGrace().toMillis());
                }
            }
            if (!hasStopped && stop.getAsBoolean()) {
                hasStopped = true;
                endIn(0, plan.stopGrace().toMillis());
            }
            press();
        }
        for (LineReader reader : readers) {
            reader.await(LAST_LINES_MILLIS);
        }
        return Optional.ofNullable(failure);
    }

    private void endIn(long millis, long grace) {
        askAt = Math.min(askAt, now() + millis);
        killAt = Math.min(killAt, now() + millis + grace);
    }

    /** Asks or kills those that still run, once the time has come. */
    private void press() {
        if (now() >= killAt) {
            killAt = NEVER;
            for (int rank = 0; rank < processes.size(); rank++) {
                if (processes.get(rank).isAlive()) {
                    listener.onNote("rank " + rank + " did not end when it was asked to, and is killed");
                }
            }
            kill();
        } else if (now() >= askAt) {
            askAt = NEVER;
            processes.forEach(process ->
                    process.toHandle().destroy()); // Process's own would close the streams, and lose the last lines
        }
    }

    private void kill() {
        for (Process process : processes) {
            if (process.isAlive()) {
                List<ProcessHandle> below = process.descendants().toList();
                process.toHandle().destroyForcibly();
                below.forEach(ProcessHandle::destroyForcibly);
            }
        }
    }

    private static long now() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    @Override
    public void close() {
        kill();
    }
}
