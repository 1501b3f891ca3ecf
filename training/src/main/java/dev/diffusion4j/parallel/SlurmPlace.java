// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.parallel;

import dev.diffusion4j.tensor.World;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The variables that Slurm's {@code srun} gives each task of a job step. A batch script itself has the job's variables, but is one process: it is
 * known by the step's that it lacks.
 *
 * <p>Source: the manual page of srun, "Output environment variables".
 */
final class SlurmPlace {
    private static final String RANK = "SLURM_PROCID";
    private static final int FIRST_PORT = 15000;
    private static final int PORTS = 10000;
    /** {@code 2(x3)}: two tasks on each of three machines. */
    private static final Pattern TASKS = Pattern.compile("(\\d{1,9})(?:\\(x(\\d{1,9})\\))?");

    private SlurmPlace() {}

    static Optional<ProcessPlace> of(Variables variables) {
        if (!variables.has(RANK) || !variables.has("SLURM_STEP_ID") && !variables.has("SLURM_STEP_NUM_TASKS")) {
            return Optional.empty();
        }
        String tasks = variables.has("SLURM_STEP_NUM_TASKS") ? "SLURM_STEP_NUM_TASKS" : "SLURM_NTASKS";
        int size = variables.whole(tasks, 1, Integer.MAX_VALUE, RANK);
        int rank = variables.whole(RANK, 0, size - 1, tasks);
        if (size == 1) {
            return Optional.empty();
        }
        int localSize = tasksHere(variables, size);
        return Optional.of(new ProcessPlace(
                new World(rank, size),
                variables.whole("SLURM_LOCALID", 0, localSize - 1, RANK),
                localSize,
                variables.text("MASTER_ADDR").orElseGet(() -> localSize == size ? "127.0.0.1" : firstHost(variables)),
                variables.port(portOfJob(variables)),
                false,
                variables.whole("SLURM_RESTART_COUNT", 0, Integer.MAX_VALUE, 0)));
    }

    private static int tasksHere(Variables variables, int size) {
        for (String name : new String[] {"SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"}) {
            if (variables.has(name)) {
                return tasksOn(variables.whole("SLURM_NODEID", 0, size - 1, 0), name, variables, size);
            }
        }
        return variables.whole("SLURM_NTASKS_PER_NODE", 1, size, RANK);
    }

    /** How many tasks the machine numbered {@code node} has by a list such as {@code 2(x3),1}. */
    private static int tasksOn(int node, String name, Variables variables, int size) {
        long passed = 0;
        for (String part : variables.text(name).orElse("").split(",")) {
            Matcher matcher = TASKS.matcher(part.trim());
            if (!matcher.matches()) {
                throw variables.senseless(name, "be a list of numbers such as 2(x3),1");
            }
            passed += matcher.group(2) == null ? 1 : Integer.parseInt(matcher.group(2));
            int tasks = Integer.parseInt(matcher.group(1));
            if (node < passed && tasks >= 1 && tasks <= size) {
                return tasks;
            }
        }
        throw variables.senseless(name, "give the tasks of machine " + node + " (SLURM_NODEID), " + size + " at most");
    }

    private static String firstHost(Variables variables) {
        String name = variables.has("SLURM_STEP_NODELIST") ? "SLURM_STEP_NODELIST" : "SLURM_JOB_NODELIST";
        String list = variables.text(name).orElseThrow(() -> variables.missing("SLURM_JOB_NODELIST", RANK));
        String host = firstHost(list);
        if (!host.matches("[\\w.-]+")) {
            throw variables.senseless(name, "be a list of machines such as node[01-03,07]");
        }
        return host;
    }

    /** {@code node01} of {@code node[01-03,07],other}: of each pair of brackets the first number, as it is written. */
    static String firstHost(String list) {
        StringBuilder host = new StringBuilder();
        int i = 0;
        while (i < list.length() && list.charAt(i) != ',') {
            if (list.charAt(i) == '[') {
                int close = list.indexOf(']', i);
                if (close < 0) {
                    return "";
                }
                host.append(list.substring(i + 1, close).split("[-,]", 2)[0]);
                i = close;
            } else {
                host.append(list.charAt(i));
            }
            i++;
        }
        return host.toString();
    }

    /** The same in all tasks of a step, and seldom that of another: Slurm tells nobody a free one. */
    private static int portOfJob(Variables variables) {
        int job = variables.whole("SLURM_JOB_ID", 0, Integer.MAX_VALUE, 0);
        int step = variables.whole("SLURM_STEP_ID", 0, Integer.MAX_VALUE, 0);
        return FIRST_PORT + (int) ((job + 97L * step) % PORTS);
    }
}
