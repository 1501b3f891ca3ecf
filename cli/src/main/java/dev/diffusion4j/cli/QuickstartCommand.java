// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.UserError;
import dev.diffusion4j.recipe.Quickstart;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The whole method in two minutes. */
@Command(
        name = "quickstart",
        description =
                "Train a network on digits, draw new ones class by class, let a classifier judge them: about two minutes.",
        mixinStandardHelpOptions = true)
final class QuickstartCommand implements Callable<Integer> {
    private static final double WANTED = 0.9;

    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "The folder for everything; default: runs/quickstart, then runs/quickstart-2, …")
    @Nullable
    Path out;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Change a value of the recipe, such as training.max_steps=20; may be given again.")
    List<String> changes = new ArrayList<>();

    @Override
    public Integer call() {
        long start = System.nanoTime();
        Path folder = out != null ? out : free();
        PrintWriter printer = spec.commandLine().getOut();
        Quickstart.Outcome outcome;
        TrainingConsole judge = new TrainingConsole(printer);
        TrainingConsole console = new TrainingConsole(printer);
        try (StopSignal stop = new StopSignal(spec.commandLine().getErr())) {
            outcome = new Quickstart(changes, folder).run(judge, console, stop);
            console.end();
        }
        printer.printf(
                Locale.ROOT, "the judge names %.1f %% of held-out digits right%n", 100 * outcome.judgeAccuracy());
        printer.printf(Locale.ROOT, "recognised %d of %d%n", outcome.recognised(), outcome.asked());
        printer.printf(
                Locale.ROOT,
                "variety %.2f of the real digits', nearest copy %.2f%n",
                outcome.variety().ratio(),
                outcome.variety().nearestCopy());
        printer.printf(Locale.ROOT, "done in %s%n%n", TrainingConsole.duration((System.nanoTime() - start) / 1e9));
        printer.println("look at   " + outcome.grid());
        printer.println("the loss  " + folder.resolve("loss.png"));
        printer.println("the model " + outcome.model());
        printer.println();
        printer.println(
                "next: ./diffuse sample --model " + outcome.model() + " --class all --count 8 --grid --out pictures");
        printer.println("      ./diffuse train mnist-class-conditioned --data mnist");
        printer.println("      ./diffuse recipes");
        printer.flush();
        boolean enough = outcome.recognised() >= WANTED * outcome.asked();
        if (!outcome.shortened() && !enough) {
            throw UserError.failure(
                    "fewer than 90 % of the digits were recognised, which is less than this recipe gives elsewhere");
        }
        return 0;
    }

    private static Path free() {
        Path folder = Path.of("runs", "quickstart");
        for (int i = 2; Files.exists(folder); i++) {
            folder = Path.of("runs", "quickstart-" + i);
        }
        return folder;
    }
}
