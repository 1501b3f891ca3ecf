// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.image.PngFile;
import java.awt.BasicStroke;
import java.awt.Color;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The loss over the steps as a picture: the raw values thin, a running mean thick, logarithmic. */
public final class LossPlot {
    private static final int POINTS = 2000;

    private LossPlot() {}

    /**
     * Draws {@code loss} of a metrics file.
     *
     * @param metrics {@code metrics.jsonl}; nothing is drawn where it has fewer than two losses
     */
    public static void write(Path metrics, Path picture) {
        List<Double> steps = new ArrayList<>();
        List<Double> losses = new ArrayList<>();
        for (Map<String, @Nullable Object> line : JsonlTracker.read(metrics)) {
            if (line.get("step") instanceof Long step && line.get("loss") instanceof Double loss && loss > 0) {
                steps.add(step.doubleValue());
                losses.add(loss);
            }
        }
        if (losses.size() < 2) {
            return;
        }
        XYChart chart = new XYChartBuilder()
                .width(900)
                .height(480)
                .title("loss")
                .xAxisTitle("step")
                .build();
        chart.getStyler()
                .setYAxisLogarithmic(true)
                .setLegendPosition(Styler.LegendPosition.InsideNE)
                .setChartBackgroundColor(Color.WHITE);
        line(chart, "each step", thin(steps), thin(losses), new Color(0x9ecae1), 1f);
        line(chart, "running mean", thin(steps), thin(smooth(losses)), new Color(0x08519c), 2.2f);
        PngFile.write(picture, BitmapEncoder.getBufferedImage(chart));
    }

    private static void line(XYChart chart, String name, List<Double> x, List<Double> y, Color color, float width) {
        XYSeries series = chart.addSeries(name, x, y);
        series.setMarker(SeriesMarkers.NONE);
        series.setLineColor(color);
        series.setLineStyle(new BasicStroke(width));
    }

    /** The mean of about the last fiftieth of the run. */
    private static List<Double> smooth(List<Double> values) {
        int window = Math.max(2, values.size() / 50);
        List<Double> means = new ArrayList<>();
        double sum = 0;
        for (int i = 0; i < values.size(); i++) {
            sum += values.get(i);
            if (i >= window) {
                sum -= values.get(i - window);
            }
            means.add(sum / Math.min(i + 1, window));
        }
        return means;
    }

    private static List<Double> thin(List<Double> values) {
        int stride = Math.max(1, values.size() / POINTS);
        List<Double> kept = new ArrayList<>();
        for (int i = 0; i < values.size(); i += stride) {
            kept.add(values.get(i));
        }
        return kept;
    }
}
