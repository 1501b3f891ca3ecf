// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.image.Chart;
import dev.diffusion4j.image.PngFile;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a run measured once an epoch, as an array for each key: under the names that the lesson on continuous noise gives them. */
public final class EpochHistory {
    /** 8 by 6 inches at 100 points each. */
    private static final int WIDTH = 800;

    private static final int HEIGHT = 600;

    /** Names in {@code metrics.jsonl}, and those of the arrays. */
    private static final Map<String, String> NAMES = new LinkedHashMap<>();

    static {
        NAMES.put("epoch_mean_loss", "n_loss");
        NAMES.put("epoch_mean_image_loss", "i_loss");
        NAMES.put("epoch_mean_accuracy", "accuracy");
        NAMES.put("val_loss", "val_n_loss");
        NAMES.put("val_image_loss", "val_i_loss");
        NAMES.put("val_accuracy", "val_accuracy");
        NAMES.put("val_kid", "val_kid");
        NAMES.put("val_kid_stderr", "val_kid_stderr");
    }

    private EpochHistory() {}

    /**
     * By array name, an entry an epoch; keys that were never measured are left out.
     *
     * @param metrics {@code metrics.jsonl}
     */
    public static Map<String, List<Double>> read(Path metrics) {
        List<Map<String, @Nullable Object>> lines = JsonlTracker.read(metrics);
        Map<String, List<Double>> history = new LinkedHashMap<>();
        NAMES.forEach((key, name) -> {
            List<Double> values = new ArrayList<>();
            for (Map<String, @Nullable Object> line : lines) {
                if (line.get(key) instanceof Number value) {
                    values.add(value.doubleValue());
                }
            }
            if (!values.isEmpty()) {
                history.put(name, values);
            }
        });
        return history;
    }

    /**
     * Writes {@code NAME.npy} for each, {@code float64 (epochs)}, and {@code loss.png} with all of them.
     *
     * @param metrics {@code metrics.jsonl}
     * @param folder made where it is not there
     */
    public static void write(Path metrics, Path folder) {
        Map<String, List<Double>> history = read(metrics);
        history.forEach((name, values) -> NpyFile.write(folder.resolve(name + ".npy"), values));
        if (!history.isEmpty()) {
            PngFile.write(folder.resolve("loss.png"), draw(history));
        }
    }

    /** All in one picture over the epochs, counted from 1. */
    private static BufferedImage draw(Map<String, List<Double>> history) {
        Chart chart = new Chart("Training Loss", "Epochs", "Loss").size(WIDTH, HEIGHT);
        int colour = 0;
        for (Map.Entry<String, List<Double>> entry : history.entrySet()) {
            double[] values =
                    entry.getValue().stream().mapToDouble(Double::doubleValue).toArray();
            double[] epochs = new double[values.length];
            Arrays.setAll(epochs, i -> i + 1);
            chart.add(
                    entry.getKey(), colour++, values.length == 1 ? Chart.Style.DOTS : Chart.Style.LINE, epochs, values);
        }
        return chart.draw();
    }
}
