// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Sends what waits in the outbox, in order, from a thread of its own; what fails for a moment is tried again after a pause that
 * doubles. What goes wrong is reported once.
 */
final class MlflowSender implements Runnable {
    /** Of MLflow's own client: what a request may hold. */
    private static final int NUMBERS_AT_ONCE = 1000;

    private static final int TRIES_OF_A_FILE = 5;
    private static final Duration LONGEST_ASKED_PAUSE = Duration.ofMinutes(1);

    private final MlflowClient client;
    private final MlflowAbout about;
    private final Path folder;
    private final MlflowOutbox outbox;
    private final Pace pace;

    private final Supplier<List<MlflowOutbox.Metric>> earlier;

    private @Nullable MlflowRun run;
    /** What earlier parts of the run could not send. */
    private volatile List<MlflowOutbox.Metric> missed = List.of();

    private int triesOfFile;
    private boolean saidTrouble;
    private boolean saidRefusal;
    private boolean saidStorage;

    private volatile boolean isDown;
    private volatile boolean isEnded;
    private volatile boolean isAbandoned;
    private volatile @Nullable String status;
    private volatile long deadline;

    /**
     * How long things take.
     *
     * @param interval between two batches
     * @param firstPause after a failure
     * @param longestPause to which it grows
     * @param ending for what waits at the end of a training
     */
    record Pace(Duration interval, Duration firstPause, Duration longestPause, Duration ending) {
        static final Pace USUAL =
                new Pace(Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofMinutes(1), Duration.ofSeconds(12));
    }

    /**
     * @param folder the training's
     * @param earlier all numbers of the run's earlier parts, by key and step
     */
    MlflowSender(
            MlflowClient client,
            MlflowAbout about,
            Path folder,
            MlflowOutbox outbox,
            Supplier<List<MlflowOutbox.Metric>> earlier,
            Pace pace) {
        this.client = client;
        this.about = about;
        this.folder = folder;
        this.outbox = outbox;
        this.earlier = earlier;
        this.pace = pace;
    }

    @Override
    public void run() {
        Duration pause = pace.firstPause();
        while (!isAbandoned) {
            try {
                boolean isLast = status != null; // nothing more comes
                sendWaiting();
                isDown = false;
                pause = pace.firstPause();
                if (isLast) {
                    end();
                    return;
                }
                rest(pace.interval(), true);
            } catch (MlflowClient.Refused e) {
                if (e.isForbidden()) {
                    sayForbidden(e);
                    return;
                }
                pause = pauseAfter(e, pause, e.pause());
            } catch (IOException e) {
                pause = pauseAfter(e, pause, Duration.ZERO);
            } catch (Problem e) { // the run's folder cannot be written to, or a proxy's address is wrong
                MlflowTracker.LOG.warn("nothing more is sent to MLflow: {}", e.getMessage());
                return;
            } catch (RuntimeException e) {
                MlflowTracker.LOG.warn(
                        "nothing more is sent to MLflow, whose answer is not understood: {}", e.toString());
                return;
            }
        }
    }

    private void sendWaiting() throws IOException {
        MlflowRun to = run;
        if (to == null) {
            to = MlflowRun.open(client, about, folder);
            run = to;
            missed = to.missing(earlier.get());
        }
        while (!missed.isEmpty() && !isLate()) {
            List<MlflowOutbox.Metric> next = missed.subList(0, Math.min(NUMBERS_AT_ONCE, missed.size()));
            sendNumbers(to, next);
            missed = missed.subList(next.size(), missed.size());
        }
        for (List<MlflowOutbox.Metric> next = outbox.firstNumbers(NUMBERS_AT_ONCE);
                !next.isEmpty() && !isLate();
                next = outbox.firstNumbers(NUMBERS_AT_ONCE)) {
            boolean isSent = sendNumbers(to, next);
            outbox.removeNumbers(next.size(), !isSent);
        }
        for (MlflowOutbox.Content next = outbox.firstFile(); next != null && !isLate(); next = outbox.firstFile()) {
            sendFile(to, next);
        }
    }

    /** Whether they were taken; else they would be refused again. */
    private boolean sendNumbers(MlflowRun to, List<MlflowOutbox.Metric> numbers) throws IOException {
        try {
            to.send(numbers);
            return true;
        } catch (MlflowClient.Refused e) {
            if (e.isForbidden() || e.isForAMoment()) {
                throw e;
            }
            sayRefused("numbers", e);
            return false;
        }
    }

    private void sendFile(MlflowRun to, MlflowOutbox.Content file) throws IOException {
        if (!to.takesFiles()) {
            outbox.removeFile(true);
            if (!saidStorage) {
                saidStorage = true;
                MlflowTracker.LOG.warn(
                        "MLflow does not get the pictures: its server keeps files at {} and takes none itself;"
                                + " start it with its option serve-artifacts",
                        to.storage());
            }
            return;
        }
        try {
            triesOfFile++;
            to.sendFile(file.path(), file.bytes());
            outbox.removeFile(false);
            triesOfFile = 0;
        } catch (MlflowClient.Refused e) {
            boolean isTriedAgain = e.isForAMoment() && triesOfFile < TRIES_OF_A_FILE;
            if (e.isForbidden() || isTriedAgain) {
                throw e;
            }
            outbox.removeFile(true);
            triesOfFile = 0;
            sayRefused(file.path(), e);
        }
    }

    private void end() throws IOException {
        MlflowRun to = run;
        String how = status;
        if (to != null && how != null) {
            to.end(how);
            isEnded = true;
        }
    }

    private void sayRefused(String what, IOException problem) {
        if (!saidRefusal) {
            saidRefusal = true;
            MlflowTracker.LOG.warn("MLflow at {} does not take {}: {}", client.address(), what, client.reason(problem));
        }
    }

    private void sayForbidden(IOException problem) {
        MlflowTracker.LOG.warn(
                "nothing is sent to MLflow at {}: {}; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or"
                        + " MLFLOW_TRACKING_TOKEN; training goes on",
                client.address(),
                client.reason(problem));
    }

    /** @return the next pause */
    private Duration pauseAfter(IOException problem, Duration pause, Duration asked) {
        isDown = true;
        if (!saidTrouble) {
            saidTrouble = true;
            MlflowTracker.LOG.warn(
                    "MLflow at {} is not reached ({}): training goes on, and it is tried again in the background",
                    client.address(),
                    client.reason(problem));
        }
        Duration patient = asked.compareTo(LONGEST_ASKED_PAUSE) > 0 ? LONGEST_ASKED_PAUSE : asked;
        boolean isEnding = status != null;
        if (isEnding && isLate()) {
            isAbandoned = true;
        }
        rest(isEnding ? pace.firstPause() : patient.compareTo(pause) > 0 ? patient : pause, false);
        Duration doubled = pause.multipliedBy(2);
        return doubled.compareTo(pace.longestPause()) > 0 ? pace.longestPause() : doubled;
    }

    /** Until the end of the training, for so long at most. */
    private synchronized void rest(Duration most, boolean endsWithWork) {
        long until = System.nanoTime() + most.toNanos();
        boolean isEnding = status != null;
        try {
            for (long left = most.toMillis();
                    left > 0 && !isAbandoned;
                    left = (until - System.nanoTime()) / 1_000_000) {
                boolean isWoken =
                        status != null && !isEnding || endsWithWork && outbox.waitingNumbers() >= NUMBERS_AT_ONCE;
                if (isWoken) {
                    return;
                }
                wait(left);
            }
        } catch (InterruptedException e) {
            isAbandoned = true;
            Thread.currentThread().interrupt();
        }
    }

    /** Tells that a whole batch waits. */
    void nudge() {
        if (outbox.waitingNumbers() == NUMBERS_AT_ONCE) {
            synchronized (this) {
                notifyAll();
            }
        }
    }

    private boolean isLate() {
        return isAbandoned || status != null && System.nanoTime() - deadline > 0;
    }

    /**
     * Nothing more comes: sends what waits, and how the run ended.
     *
     * @param how {@code FINISHED}, {@code FAILED} or {@code KILLED}
     * @return how long to wait for that at most, the last request included
     */
    synchronized Duration finish(String how) {
        Duration most = isDown ? pace.ending().dividedBy(4) : pace.ending(); // it was tried often enough
        deadline = System.nanoTime() + most.toNanos();
        status = how;
        notifyAll();
        return most.plus(pace.ending().dividedBy(2));
    }

    /** Nobody waits any more: the request that is under way is the last. */
    synchronized void abandon() {
        isAbandoned = true;
        notifyAll();
    }

    /** How many numbers of earlier parts it still has not. */
    int unsentEarlier() {
        return missed.size();
    }

    /** Whether the server knows how the run ended. */
    boolean isEnded() {
        return isEnded;
    }
}
