// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.plot.SchedulePlots;
import dev.diffusion4j.plot.ScheduleSpec;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How the scale of a guidance may change over the timesteps. */
@Command(
        name = "guidance-schedules",
        description = "The schedules that --guide …,schedule=S takes, over the timesteps.",
        mixinStandardHelpOptions = true)
final class PlotGuidanceSchedules implements Callable<Integer> {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--schedule",
            paramLabel = "NAME[:START-END]",
            defaultValue = "linear",
            description = "The noise schedule that they follow; default: ${DEFAULT-VALUE}.")
    String schedule = "linear";

    @Option(
            names = "--timesteps",
            paramLabel = "T",
            defaultValue = "1000",
            description = "Timesteps of the training; default: ${DEFAULT-VALUE}.")
    int timesteps;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            required = true,
            description = "The PNG file.")
    Path out = Path.of("guidance.png");

    @Override
    public Integer call() {
        PictureTarget.checkFile(out, ".png", "--out");
        Check.inRange(timesteps, 2, 100_000, "--timesteps");
        PngFile.write(out, SchedulePlots.guidance(ScheduleSpec.parse(schedule), timesteps), Map.of());
        spec.commandLine().getOut().println(out);
        return 0;
    }
}
