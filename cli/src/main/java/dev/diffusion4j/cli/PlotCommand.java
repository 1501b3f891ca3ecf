// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Pictures of what goes on. */
@Command(
        name = "plot",
        description =
                "Draw schedules, what noise does, what happens step by step, the way between two pictures, or runs.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "PICTURE",
        footerHeading = "%nExamples:%n",
        footer = {
            "  diffuse plot noise --data digits --out noise.png",
            "  diffuse plot trace --model runs/quickstart --class 3 --out trace"
        },
        subcommands = {
            PlotSchedules.class,
            PlotGuidanceSchedules.class,
            PlotNoise.class,
            PlotTrace.class,
            PlotInterpolate.class,
            PlotRuns.class
        })
final class PlotCommand implements Runnable {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
        throw new ParameterException(spec.commandLine(), "which picture? choose one of the list above");
    }
}
