// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.metric.Variety;
import dev.diffusion4j.recipe.Quickstart;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The whole method in one command. */
@Command(
        name = "quickstart",
        description =
                "Train a network on digits, draw new ones class by class, let a classifier judge them: one to two minutes.",
        footerHeading = "%nExamples:%n",
        footer = {"  diffuse quickstart", "  diffuse quickstart --out runs/look --set training.max_steps=100"},
        mixinStandardHelpOptions = true)
final class QuickstartCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(
            names = {"-o", "--out"},
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
        Processes.refuse(
                "quickstart",
                "start it alone, or train its recipe in all of them: " + CommandText.of("train", "quickstart"));
        long start = System.nanoTime();
        Path folder = out != null ? out : free();
        PrintWriter printer = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        Quickstart.Outcome outcome;
        try (StopSignal stop = new StopSignal(err, StopSignal.CHECKPOINT);
                QuickstartConsole console = new QuickstartConsole(printer, err)) {
            try {
                outcome = new Quickstart(changes, folder).run(console, stop);
            } catch (CancellationException e) {
                console.close();
                err.println("stopped; go on with: " + again(folder)); // before the process may end
                return ExitCodes.FAILURE;
            }
        }
        report(printer, outcome, folder, (System.nanoTime() - start) / 1e9);
        suggest(printer, outcome.model().toString());
        printer.flush();
        if (!outcome.shortened() && !outcome.shortcomings().isEmpty()) {
            throw Problem.failure(
                    String.join("; ", outcome.shortcomings()) + ": that is less than this recipe gives elsewhere");
        }
        return 0;
    }

    private static void report(PrintWriter printer, Quickstart.Outcome outcome, Path folder, double seconds) {
        printer.printf(
                Locale.ROOT, "the judge names %.1f %% of held-out digits right%n", 100 * outcome.judgeAccuracy());
        printer.printf(Locale.ROOT, "recognised %d of %d%n", outcome.recognised(), outcome.asked());
        Variety variety = outcome.variety();
        printer.printf(
                Locale.ROOT,
                "variety %.2f of the real digits'; %s training pictures (nearest %.2f)%n",
                variety.ratio(),
                variety.copies() == 0 ? "no copies of" : variety.copies() + " copies of",
                variety.nearest());
        printer.printf(Locale.ROOT, "done in %s%n%n", Times.text(seconds));
        printer.println("look at   " + outcome.grid());
        printer.println("the loss  " + folder.resolve("loss.png"));
        printer.println("the model " + outcome.model());
        printer.println();
    }

    private static void suggest(PrintWriter printer, String model) {
        printer.println("next: " + sample(model, "--class all --count 8 --scheduler ddim --grid --out pictures"));
        printer.println("      "
                + sample(model, "--class 3 --count 8 --scheduler ddim --guidance-scale 3 --grid --out guided"));
        printer.println("      " + CommandText.of("train", "mnist-class-conditioned", "--data", "mnist"));
        printer.println("      " + CommandText.of("recipes"));
    }

    private static String sample(String model, String options) {
        List<String> words = new ArrayList<>(List.of("sample", "--model", model));
        words.addAll(List.of(options.split(" ")));
        return CommandText.of(words);
    }

    /** The command that continues this one. */
    private String again(Path folder) {
        List<String> words = new ArrayList<>(List.of("quickstart", "--out", folder.toString()));
        changes.forEach(change -> words.addAll(List.of("--set", change)));
        return CommandText.of(words);
    }

    private static Path free() {
        Path folder = Path.of("runs", "quickstart");
        for (int i = 2; Files.exists(folder); i++) {
            folder = Path.of("runs", "quickstart-" + i);
        }
        return folder;
    }
}
