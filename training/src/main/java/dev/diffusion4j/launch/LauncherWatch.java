// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.launch;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/**
 * Lets a process notice that its launcher is gone, even one that was killed and could say nothing. The launcher holds the other end of the
 * process's standard input, which ends with it.
 */
public final class LauncherWatch {
    /** Holds the launcher's process id, in the environment of each process that it starts. */
    public static final String VARIABLE = "DIFFUSION4J_LAUNCHER";

    private LauncherWatch() {}

    /**
     * Begins to watch, on a thread that does not keep the process alive. Does nothing in a process that a launcher did not start itself:
     * the standard input of others is their own.
     *
     * @param environment as {@link System#getenv()} has it
     * @param in the standard input, which nobody else reads
     * @param whenGone called once, when the launcher is gone
     */
    public static void begin(Map<String, String> environment, InputStream in, Runnable whenGone) {
        String launcher = environment.get(VARIABLE);
        boolean isChild = ProcessHandle.current()
                .parent()
                .filter(parent -> String.valueOf(parent.pid()).equals(launcher))
                .isPresent();
        if (isChild) {
            Thread thread = new Thread(() -> watch(in, whenGone), "diffusion4j-launcher-watch");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private static void watch(InputStream in, Runnable whenGone) {
        try {
            while (in.read() >= 0) {
                // the launcher writes nothing; what comes is of no meaning
            }
        } catch (IOException e) {
            // as at its end
        }
        whenGone.run();
    }
}
