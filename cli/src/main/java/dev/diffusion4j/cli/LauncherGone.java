// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.launch.LauncherWatch;
import java.io.PrintWriter;

/** A process of {@code diffuse launch} ends with its launcher, even where that was killed: nobody would end it any more. */
final class LauncherGone {
    /** A checkpoint is written in that time; what waits for a process that is gone would wait for ever. */
    private static final long LONGEST_MILLIS = 60_000;

    private LauncherGone() {}

    static void watch(PrintWriter err) {
        LauncherWatch.begin(System.getenv(), System.in, () -> end(err));
    }

    private static void end(PrintWriter err) {
        err.println("diffuse: the launcher of this process is gone, so it ends too");
        Thread limit = new Thread(
                () -> {
                    try {
                        Thread.sleep(LONGEST_MILLIS);
                    } catch (InterruptedException e) {
                        // ended at once
                    }
                    Runtime.getRuntime().halt(ExitCodes.FAILURE);
                },
                "diffusion4j-end");
        limit.setDaemon(true);
        limit.start();
        System.exit(ExitCodes.FAILURE);
    }
}
