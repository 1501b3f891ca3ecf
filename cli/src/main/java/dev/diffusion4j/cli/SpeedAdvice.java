// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.processor.SpeedProbe;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;

/** A word about a faster number format, where drawing turns out to take long. */
final class SpeedAdvice {
    private static final double MUCH_FASTER = 1.5;

    private SpeedAdvice() {}

    /** Where f32 was not asked for by name, and this machine is known to be much faster in bf16. */
    static void print(DiffusionPipeline pipeline, boolean isAgain, CommandSpec spec) {
        boolean chosen = isAgain || spec.commandLine().getParseResult().hasMatchedOption("--dtype");
        double factor = SpeedProbe.known().map(SpeedProbe::bf16Factor).orElse(1.0);
        if (!chosen && pipeline.deviceName().equals("cpu") && factor >= MUCH_FASTER) {
            spec.commandLine()
                    .getErr()
                    .printf(
                            Locale.ROOT,
                            "--dtype bf16 would be up to %.1f times faster here; the pictures differ by a few grey levels%n",
                            factor);
        }
    }
}
