// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.evaluation.ModelFolders;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.plot.RunPlots;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Curves of runs. */
@Command(
        name = "run",
        aliases = "runs",
        description =
                "The loss of one run or several: each step and a running mean, the mean of each epoch, the learning rate.",
        mixinStandardHelpOptions = true)
final class PlotRuns implements Callable<Integer> {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "RUN", arity = "1..*", description = "Folders of runs, with metrics.jsonl in them.")
    List<Path> runs = new ArrayList<>();

    @Option(
            names = "--key",
            paramLabel = "NAME",
            defaultValue = "loss",
            description = "Another number of metrics.jsonl than the ${DEFAULT-VALUE}.")
    String key = "loss";

    @Option(names = "--linear", description = "A linear axis instead of a logarithmic one.")
    boolean linear;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "DIR",
            required = true,
            description = "The folder for loss.png (or NAME.png), epochs.png and learning-rate.png.")
    Path out = Path.of(".");

    @Override
    public Integer call() {
        PictureTarget.checkFolder(out, "--out");
        RunPlots plots = new RunPlots(runs.stream().map(ModelFolders::nameOf).toList(), runs, key);
        PngFile.write(out.resolve(key + ".png"), plots.steps(!linear), Map.of());
        PngFile.write(out.resolve("epochs.png"), plots.epochs(!linear), Map.of());
        PngFile.write(out.resolve("learning-rate.png"), plots.learningRate(), Map.of());
        PrintWriter to = spec.commandLine().getOut();
        plots.lines().forEach(to::println);
        to.println("in " + out + ": " + key + ".png, epochs.png, learning-rate.png");
        to.flush();
        return 0;
    }
}
