// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Nearest;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.launch.LaunchListener;
import dev.diffusion4j.launch.LaunchPlan;
import dev.diffusion4j.launch.Launcher;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A command in several processes on this machine, which train together. */
@Command(
        name = "launch",
        description =
                "Run a command in several processes on this machine, which train together. One that fails ends the others, and all are"
                        + " started again from the last checkpoint.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  diffuse launch --nproc 2 -- train butterflies-32 --preset quick",
            "  diffuse launch --nproc 2 --restarts 0 -- train --resume runs/butterflies-32"
        },
        mixinStandardHelpOptions = true)
final class LaunchCommand implements Callable<Integer> {
    /** The JVM says so at the start of each process; the launcher script drops it for a single one. */
    private static final String INCUBATING = "WARNING: Using incubator modules";

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(names = "--nproc", paramLabel = "N", required = true, description = "How many processes.")
    int processes;

    @Option(
            names = "--restarts",
            paramLabel = "N",
            description = "How often all are started again after one failed; default: ${DEFAULT-VALUE}.")
    int restarts = LaunchPlan.DEFAULT_RESTARTS;

    @Option(
            names = "--master-port",
            paramLabel = "N",
            description = "The port on which they meet; default: one that is free.")
    int masterPort;

    @Parameters(
            paramLabel = "-- COMMAND",
            arity = "0..*",
            description = "The command of each process with its options: -- train mnist-class-conditioned --out runs/a")
    List<String> words = new ArrayList<>();

    @Override
    public Integer call() {
        check();
        List<String> command = new ArrayList<>(OwnCommand.words());
        command.addAll(words);
        LaunchPlan plan = LaunchPlan.of(command, p -> {
            p.processes = processes;
            p.restarts = restarts;
            p.masterPort = masterPort;
        });
        PrintWriter err = spec.commandLine().getErr();
        Launcher launcher = new Launcher(plan, new Console(spec.commandLine().getOut(), err), System.getenv());
        try (StopSignal stop = new StopSignal(err, "the processes")) {
            return launcher.run(stop);
        }
    }

    private void check() {
        if (words.isEmpty()) {
            throw Problem.request("which command? give it after --, as in: diffuse launch --nproc 2 -- train RECIPE");
        }
        String name = words.get(0);
        if (name.equals("launch")) {
            throw Problem.request("launch cannot launch itself: give the command of the processes after --");
        }
        List<String> known = Diffuse.commandNames();
        if (!known.contains(name)) {
            throw Problem.request("unknown command '" + name + "' after --" + Nearest.hint(name, known));
        }
    }

    /** A prefix before each line says which process printed it. */
    private record Console(PrintWriter out, PrintWriter err) implements LaunchListener {
        @Override
        public void onLine(int rank, String line, boolean isError) {
            if (!line.startsWith(INCUBATING)) {
                (isError ? err : out).println("[" + rank + "] " + line);
            }
        }

        @Override
        public void onNote(String note) {
            err.println("diffuse: " + note);
        }
    }
}
