// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.pipeline.Cancellation;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GuidanceSweep;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;

/**
 * What {@code sample --sweep-scale} does.
 *
 * @param pipeline borrowed
 * @param request of each row
 */
record SweepDrawing(DiffusionPipeline pipeline, GenerationRequest request) {
    /** Draws, writes {@code sweep.png} and {@code sweep.gif}, and says what is in which row. */
    void write(List<Double> scales, Path folder, CommandLine line) {
        try (Progress progress = Progress.calls("sweep", request, scales.size())) {
            GuidanceSweep sweep = GuidanceSweep.draw(pipeline, request, scales, progress, new Cancellation());
            progress.close();
            sweep.writePng(folder.resolve("sweep.png"));
            sweep.writeGif(folder.resolve("sweep.gif"));
        }
        line.getOut()
                .printf(
                        Locale.ROOT,
                        "%d rows of %d pictures in %s and sweep.gif (%s, %d steps, seed %d)%n",
                        scales.size(),
                        request.count(),
                        folder.resolve("sweep.png"),
                        pipeline.scheduler().kind().key(),
                        request.steps(),
                        request.seed());
        for (int row = 0; row < scales.size(); row++) {
            line.getOut()
                    .printf(
                            Locale.ROOT,
                            "row %d: guidance scale %s (w %s)%n",
                            row + 1,
                            number(scales.get(row)),
                            number(scales.get(row) - 1));
        }
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value).replaceAll("\\.?0+$", "");
    }
}
