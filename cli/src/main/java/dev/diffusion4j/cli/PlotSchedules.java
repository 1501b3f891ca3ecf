// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.plot.SchedulePlots;
import dev.diffusion4j.plot.ScheduleSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How much of a picture is left at each timestep. */
@Command(
        name = "schedules",
        description = "Noise schedules: how much of the picture is left at each timestep, and how much noise there is.",
        mixinStandardHelpOptions = true)
final class PlotSchedules implements Callable<Integer> {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--schedule",
            paramLabel = "NAME[:START-END]",
            split = ",",
            description =
                    "A schedule of beta: linear, scaled_linear, squaredcos_cap_v2, sigmoid, exp or laplace, with its ends; "
                            + "repeatable. Default: linear:0.0001-0.02, linear:0.001-0.004 and squaredcos_cap_v2.")
    List<String> schedules = new ArrayList<>();

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
    Path out = Path.of("schedules.png");

    @Override
    public Integer call() {
        PictureTarget.checkFile(out, ".png", "--out");
        Check.inRange(timesteps, 2, 100_000, "--timesteps");
        List<ScheduleSpec> specs = (schedules.isEmpty() ? ScheduleSpec.USUAL : schedules)
                .stream().map(ScheduleSpec::parse).toList();
        PngFile.write(out, SchedulePlots.signalAndNoise(specs, timesteps), Map.of());
        spec.commandLine().getOut().println(out);
        return 0;
    }
}
