// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.image.Chart;
import dev.diffusion4j.image.PngFile;
import java.nio.file.Path;

/** The loss over the steps as a picture: the raw values thin, a running mean thick, logarithmic. */
public final class LossPlot {
    private LossPlot() {}

    /**
     * Draws {@code loss} of a metrics file.
     *
     * @param metrics {@code metrics.jsonl}; nothing is drawn where it has fewer than two losses
     */
    public static void write(Path metrics, Path picture) {
        LossCurve raw = LossCurve.read(metrics, "loss");
        if (raw.size() >= 2) {
            LossCurve smooth = raw.smooth();
            Chart chart = new Chart("loss", "step", "")
                    .logY(true)
                    .add("each step", 0, Chart.Style.PALE, raw.steps(), raw.values())
                    .add("running mean", 0, Chart.Style.LINE, smooth.steps(), smooth.values());
            PngFile.write(picture, chart.draw());
        }
    }
}
