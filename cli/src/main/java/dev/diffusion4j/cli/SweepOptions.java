// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.guidance.ClassifierFree;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** The guidance scales of a sweep. */
final class SweepOptions {
    @Option(
            names = "--sweep-scale",
            paramLabel = "S,S,…",
            split = ",",
            description =
                    "Draw the same pictures with each of these guidance scales instead, a row a scale: sweep.png, and "
                            + "sweep.gif with the way there. Without --class, of all classes.")
    List<Double> scales = new ArrayList<>();

    @Option(
            names = "--sweep-w",
            paramLabel = "W,W,…",
            split = ",",
            description = "The same with the paper's w, which is S - 1: -2,-1,-0.5,0,0.5,1,2 for example.")
    List<Double> ws = new ArrayList<>();

    /** Whether a sweep is asked for. */
    boolean isGiven() {
        return !scales.isEmpty() || !ws.isEmpty();
    }

    /** One after the other. */
    List<Double> all() {
        return ws.isEmpty()
                ? List.copyOf(scales)
                : ws.stream().map(each -> each + 1).toList();
    }

    /**
     * What a row has besides its scale.
     *
     * @throws dev.diffusion4j.base.UserError (exit code 2) where the options contradict each other
     */
    ClassifierFree settings(GuideOptions guidance) {
        Check.that(scales.isEmpty() || ws.isEmpty(), "--sweep-scale and --sweep-w say the same: give one of them");
        Check.that(
                !guidance.hasScale(),
                "a sweep draws with several guidance scales: leave --guidance-scale and --guidance-w away");
        all().forEach(each -> Check.finite(each, "a guidance scale"));
        return guidance.settings(1);
    }
}
