// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.launch;

import java.util.Map;

/**
 * How a process ended.
 *
 * @param rank which one
 * @param code its exit code; 128 and the signal's number where a signal killed it
 */
record RankEnd(int rank, int code) {
    private static final int SIGNALS = 128;
    private static final int MOST_SIGNALS = 64;
    private static final Map<Integer, String> NAMES = Map.of(
            2, " (SIGINT)",
            4, " (SIGILL)",
            6, " (SIGABRT)",
            7, " (SIGBUS)",
            9, " (SIGKILL; so the system ends a process when memory runs out)",
            11, " (SIGSEGV)",
            15, " (SIGTERM)");

    boolean isFailure() {
        return code != 0;
    }

    private boolean isSignal() {
        return code > SIGNALS && code <= SIGNALS + MOST_SIGNALS;
    }

    /** That of whoever launched it: a signal that killed a process did not kill its launcher. */
    int codeForLauncher() {
        return isSignal() ? 1 : code;
    }

    /** {@code rank 1 was killed by signal 9 (SIGKILL)}. */
    @Override
    public String toString() {
        if (isSignal()) {
            int signal = code - SIGNALS;
            return "rank " + rank + " was killed by signal " + signal + NAMES.getOrDefault(signal, "");
        }
        return "rank " + rank + " ended with exit code " + code;
    }
}
