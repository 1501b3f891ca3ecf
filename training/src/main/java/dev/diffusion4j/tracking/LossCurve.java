// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A column of a metrics file over the steps.
 *
 * @param steps rising
 * @param values one for each step
 */
public record LossCurve(double[] steps, double[] values) {
    /** The last losses, whose mean the texts report. */
    public static final int LAST = 100;

    /**
     * Reads one column; lines without it are passed over.
     *
     * @param metrics {@code metrics.jsonl}
     * @param key {@code loss}, {@code lr}, …
     */
    public static LossCurve read(Path metrics, String key) {
        List<Double> steps = new ArrayList<>();
        List<Double> values = new ArrayList<>();
        for (Map<String, @Nullable Object> line : JsonlTracker.read(metrics)) {
            if (line.get("step") instanceof Long step && line.get(key) instanceof Number value) {
                steps.add(step.doubleValue());
                values.add(value.doubleValue());
            }
        }
        return new LossCurve(array(steps), array(values));
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** How many there are. */
    public int size() {
        return steps.length;
    }

    /** The mean of about the last fiftieth of the run at each step. */
    public LossCurve smooth() {
        int window = Math.max(2, values.length / 50);
        double[] means = new double[values.length];
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += values[i] - (i >= window ? values[i - window] : 0);
            means[i] = sum / Math.min(i + 1, window);
        }
        return new LossCurve(steps, means);
    }

    /** The mean of the last {@link #LAST}, or of all where there are fewer. */
    public double lastMean() {
        int from = Math.max(0, values.length - LAST);
        double sum = 0;
        for (int i = from; i < values.length; i++) {
            sum += values[i];
        }
        return sum / (values.length - from);
    }

    /**
     * The mean of each epoch.
     *
     * @param metrics whose lines name {@code epoch}, counted from 0
     * @param key {@code loss}
     * @return epochs counted from 1, and their means
     */
    public static LossCurve epochMeans(Path metrics, String key) {
        Map<Long, double[]> sums = new TreeMap<>();
        for (Map<String, @Nullable Object> line : JsonlTracker.read(metrics)) {
            if (line.get("epoch") instanceof Number epoch && line.get(key) instanceof Number value) {
                double[] sum = sums.computeIfAbsent((long) Math.floor(epoch.doubleValue()), which -> new double[2]);
                sum[0] += value.doubleValue();
                sum[1]++;
            }
        }
        return new LossCurve(
                sums.keySet().stream().mapToDouble(epoch -> epoch + 1.0).toArray(),
                sums.values().stream().mapToDouble(sum -> sum[0] / sum[1]).toArray());
    }
}
