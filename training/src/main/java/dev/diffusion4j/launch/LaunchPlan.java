// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.launch;

import dev.diffusion4j.base.Problem;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * What is started on this machine, and what happens when one of it fails.
 *
 * @param command word by word, the same for each process; a process knows which it is by torchrun's variables
 * @param processes how many, at least 1
 * @param restarts how often all of them are started again after one failed, at least 0
 * @param masterPort where they meet, in [1, 65535]; 0 for one that is free
 * @param patience how long the others may take to notice by themselves that one has failed
 * @param failureGrace how long they then have between being asked to end and being killed
 * @param stopGrace the same where whoever launched them wants them to end: a checkpoint is written in that time
 */
public record LaunchPlan(
        List<String> command,
        int processes,
        int restarts,
        int masterPort,
        Duration patience,
        Duration failureGrace,
        Duration stopGrace) {
    /** How often all are started again where nothing else is said. */
    public static final int DEFAULT_RESTARTS = 3;

    private static final int MOST_PROCESSES = 1024;

    /** @throws Problem (a wrong request) that names the field */
    public LaunchPlan {
        command = List.copyOf(command);
        if (command.isEmpty()) {
            throw Problem.request("there is no command to launch");
        }
        if (processes < 1 || processes > MOST_PROCESSES) {
            throw Problem.request("processes", processes, "lie in [1, " + MOST_PROCESSES + "]");
        }
        if (restarts < 0) {
            throw Problem.request("restarts", restarts, "be at least 0");
        }
        if (masterPort < 0 || masterPort > 65535) {
            throw Problem.request("masterPort", masterPort, "lie in [1, 65535], or be 0 for one that is free");
        }
    }

    /** {@code LaunchPlan.of(command, p -> p.processes = 4)}: checked when it is done. */
    public static LaunchPlan of(List<String> command, Consumer<Draft> edit) {
        Draft draft = new Draft();
        edit.accept(draft);
        return new LaunchPlan(
                command,
                draft.processes,
                draft.restarts,
                draft.masterPort,
                draft.patience,
                draft.failureGrace,
                draft.stopGrace);
    }

    /** The values before they are checked. */
    public static final class Draft {
        public int processes = 1;
        public int restarts = DEFAULT_RESTARTS;
        public int masterPort = 0;
        public Duration patience = Duration.ofSeconds(10);
        public Duration failureGrace = Duration.ofSeconds(10);
        public Duration stopGrace = Duration.ofMinutes(5);

        private Draft() {}
    }
}
