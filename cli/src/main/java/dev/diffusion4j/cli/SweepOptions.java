// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The same pictures with several guidance scales. */
final class SweepOptions {
    @Option(
            names = "--sweep-scale",
            paramLabel = "S,S,…",
            converter = FiniteNumber.class,
            split = ",",
            description =
                    "Draw the same pictures with each of these guidance scales instead, a row a scale: sweep.png, and "
                            + "sweep.gif with the way there. Without --class, of all classes.")
    List<Double> sweepScales = new ArrayList<>();

    @Option(
            names = "--sweep-w",
            paramLabel = "W,W,…",
            converter = FiniteNumber.class,
            split = ",",
            description = "The same with the paper's w, which is S - 1: -2,-1,-0.5,0,0.5,1,2 for example.")
    List<Double> sweepWs = new ArrayList<>();

    /** The scales to draw with, one after the other; empty where no sweep is asked for. */
    List<Double> sweep() {
        Check.that(
                sweepScales.isEmpty() || sweepWs.isEmpty(),
                "--sweep-scale and --sweep-w say the same: give one of them");
        return sweepWs.isEmpty()
                ? List.copyOf(sweepScales)
                : sweepWs.stream().map(each -> each + 1).toList();
    }
}
