// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.plot;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.image.Chart;
import dev.diffusion4j.image.Chart.Style;
import dev.diffusion4j.tracking.LossCurve;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Curves of runs, one colour each, from their {@code metrics.jsonl}. */
public final class RunPlots {
    private static final int POINTS = 4000;

    private final List<String> names;
    private final List<Path> metrics;
    private final String key;

    /**
     * @param names in legends
     * @param folders of the runs
     * @param key what is drawn over the steps: {@code loss}
     * @throws Problem (a failure) where a folder holds no run; (a wrong request) where a run has nothing of that name
     */
    public RunPlots(List<String> names, List<Path> folders, String key) {
        this.names = List.copyOf(names);
        this.key = key;
        metrics = folders.stream().map(RunPlots::metrics).toList();
        for (int i = 0; i < metrics.size(); i++) {
            if (LossCurve.read(metrics.get(i), key).size() == 0) {
                throw Problem.request("the run " + folders.get(i) + " has no '" + key + "' in its metrics.jsonl");
            }
        }
    }

    private static Path metrics(Path folder) {
        Path file = folder.resolve("metrics.jsonl");
        if (!Files.exists(file)) {
            throw Problem.failure(folder + " is not the folder of a run: it has no metrics.jsonl");
        }
        return file;
    }

    /** Each step pale, a running mean above it. */
    public BufferedImage steps(boolean log) {
        Chart chart = new Chart(key, "step", "").logY(log);
        List<LossCurve> curves =
                metrics.stream().map(file -> LossCurve.read(file, key)).toList();
        for (int i = 0; i < curves.size(); i++) {
            LossCurve raw = thin(curves.get(i));
            chart.add(curves.size() == 1 ? "each step" : "", i, Style.PALE, raw.steps(), raw.values());
        }
        for (int i = 0; i < curves.size(); i++) {
            LossCurve smooth = thin(curves.get(i).smooth());
            chart.add(
                    curves.size() == 1 ? "running mean" : names.get(i), i, Style.LINE, smooth.steps(), smooth.values());
        }
        return chart.draw();
    }

    /** At most a few thousand values: more than pixels would only take time. */
    private static LossCurve thin(LossCurve curve) {
        int stride = Math.max(1, curve.size() / POINTS);
        int count = (curve.size() + stride - 1) / stride;
        double[] steps = new double[count];
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            steps[i] = curve.steps()[i * stride];
            values[i] = curve.values()[i * stride];
        }
        return new LossCurve(steps, values);
    }

    /** The mean of each epoch. */
    public BufferedImage epochs(boolean log) {
        Chart chart = new Chart("mean " + key + " of each epoch", "epoch", "").logY(log);
        for (int i = 0; i < metrics.size(); i++) {
            LossCurve means = LossCurve.epochMeans(metrics.get(i), key);
            chart.add(metrics.size() == 1 ? "" : names.get(i), i, Style.DOTS, means.steps(), means.values());
        }
        return chart.draw();
    }

    /** The learning rate over the steps. */
    public BufferedImage learningRate() {
        Chart chart = new Chart("learning rate", "step", "");
        for (int i = 0; i < metrics.size(); i++) {
            LossCurve rate = thin(LossCurve.read(metrics.get(i), "lr"));
            chart.add(metrics.size() == 1 ? "" : names.get(i), i, Style.LINE, rate.steps(), rate.values());
        }
        return chart.draw();
    }

    /** A paragraph a run: steps, the mean of each epoch, the mean of the last hundred. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < metrics.size(); i++) {
            LossCurve curve = LossCurve.read(metrics.get(i), key);
            LossCurve means = LossCurve.epochMeans(metrics.get(i), key);
            lines.add(String.format(
                    Locale.ROOT,
                    "%s: %d steps, mean %s of the last %d: %.6f",
                    names.get(i),
                    curve.size(),
                    key,
                    Math.min(LossCurve.LAST, curve.size()),
                    curve.lastMean()));
            for (int epoch = 0; epoch < means.size(); epoch++) {
                lines.add(String.format(
                        Locale.ROOT, "  epoch %.0f: mean %s %.6f", means.steps()[epoch], key, means.values()[epoch]));
            }
        }
        return lines;
    }
}
