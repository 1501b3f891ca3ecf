// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.launch;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.parallel.ProcessPlace;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * Runs several processes of one command on this machine: one that fails ends the others, and all are started again as often as the plan
 * allows. What a process had done by then is for the command itself to find, in its last checkpoint.
 */
public final class Launcher {
    /** A command that was called wrongly ends with this code, and would do so again. */
    private static final int USAGE = 2;

    private final LaunchPlan plan;
    private final LaunchListener listener;

    /**
     * @param environment as {@link System#getenv()} has it
     * @throws Problem (a wrong request) where this process is itself one of several
     */
    public Launcher(LaunchPlan plan, LaunchListener listener, Map<String, String> environment) {
        ProcessPlace.of(environment).ifPresent(place -> {
            throw Problem.request("this process is itself one of "
                    + place.world().size()
                    + " that were launched together (rank " + place.world().rank()
                    + "): launch only once, or start the command itself in each of them");
        });
        this.plan = plan;
        this.listener = new OneAtATime(listener);
    }

    /**
     * Starts the processes and waits for their end.
     *
     * @param stop becomes true when all are to end; asked for all the time
     * @return 0 where all ended well, otherwise the exit code of the first that failed, or 1 where a signal killed it
     * @throws Problem where a process cannot be started, or the port is in use
     */
    public int run(BooleanSupplier stop) {
        for (int restart = 0; ; restart++) {
            Optional<RankEnd> failure = attempt(restart, stop);
            if (failure.isEmpty()) {
                return 0;
            }
            RankEnd first = failure.get();
            if (stop.getAsBoolean()) {
                return first.code(); // the one it has when it is asked to end
            }
            if (first.code() == USAGE || restart == plan.restarts()) {
                String why = first.code() == USAGE || restart == 0 ? "" : " after " + times(restart);
                listener.onNote(first + "; not started again" + why);
                return first.codeForLauncher();
            }
            listener.onNote(first + "; all " + plan.processes() + " are started again (" + (restart + 1) + " of "
                    + times(plan.restarts()) + ")");
        }
    }

    private static String times(int restarts) {
        return restarts == 1 ? "1 restart" : restarts + " restarts";
    }

    private Optional<RankEnd> attempt(int restart, BooleanSupplier stop) {
        try (Attempt attempt = new Attempt(plan, listener)) {
            attempt.start(new LaunchEnvironment(plan, restart));
            return attempt.await(stop);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("the launcher was interrupted");
        }
    }

    /** Lines come from two threads of each process. */
    private record OneAtATime(LaunchListener listener) implements LaunchListener {
        @Override
        public synchronized void onLine(int rank, String line, boolean isError) {
            listener.onLine(rank, line, isError);
        }

        @Override
        public synchronized void onNote(String note) {
            listener.onNote(note);
        }
    }
}
