// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.image.Chart;
import dev.diffusion4j.image.Chart.Style;
import dev.diffusion4j.image.ImageGrid;
import dev.diffusion4j.image.Panels;
import dev.diffusion4j.metric.Figure;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What several ways to draw cost and what they are worth: rows of one table. */
public final class Comparison {
    private final List<Row> rows = new ArrayList<>();
    private final int shown;

    /** @param shown pictures of each row on the sheet */
    public Comparison(int shown) {
        this.shown = Check.positive(shown, "shown");
    }

    /**
     * One way to draw.
     *
     * @param series what is one line in the plot: all but the number of steps
     * @param model the model's name
     * @param scheduler the algorithm
     * @param steps how many
     * @param guidance classifier-free guidance's scale; 1 for none
     * @param seed of the first picture
     * @param pictures how many were drawn
     * @param seconds that they took
     * @param figures what they are worth; may be empty
     * @param training the model's training, or {@code null}
     * @param sample some of the pictures
     */
    public record Row(
            String series,
            String model,
            String scheduler,
            int steps,
            double guidance,
            long seed,
            int pictures,
            double seconds,
            List<Figure> figures,
            @Nullable TrainingCost training,
            List<BufferedImage> sample) {

        /** In a few words. */
        public String title() {
            return String.format(Locale.ROOT, "%s, %d steps, %.1f s", series, steps, seconds);
        }
    }

    /** Adds a row; what follows the first few pictures is let go. */
    public void add(Row row) {
        List<BufferedImage> few = List.copyOf(row.sample.subList(0, Math.min(shown, row.sample.size())));
        rows.add(new Row(
                row.series,
                row.model,
                row.scheduler,
                row.steps,
                row.guidance,
                row.seed,
                row.pictures,
                row.seconds,
                row.figures,
                row.training,
                few));
    }

    /** All rows, as added. */
    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** The figures that all rows have, the first row's order. */
    public List<String> metrics() {
        return rows.isEmpty()
                ? List.of()
                : rows.get(0).figures.stream().map(Figure::metric).toList();
    }

    private boolean isTrainingKnown() {
        return rows.stream().anyMatch(row -> row.training != null);
    }

    private List<List<String>> cells() {
        List<List<String>> table = new ArrayList<>();
        List<String> head =
                new ArrayList<>(List.of("model", "scheduler", "steps", "guidance", "seed", "s", "s/picture"));
        head.addAll(metrics());
        if (isTrainingKnown()) {
            head.addAll(List.of("training loss", "training s"));
        }
        table.add(head);
        for (Row row : rows) {
            List<String> line = new ArrayList<>(List.of(
                    row.model,
                    row.scheduler,
                    Integer.toString(row.steps),
                    String.format(Locale.ROOT, "%s", row.guidance),
                    Long.toString(row.seed),
                    String.format(Locale.ROOT, "%.2f", row.seconds),
                    String.format(Locale.ROOT, "%.4f", row.seconds / row.pictures)));
            row.figures.forEach(figure -> line.add(figure.text()));
            TrainingCost training = row.training;
            if (isTrainingKnown()) {
                line.add(training == null ? "" : String.format(Locale.ROOT, "%.5f", training.lastLoss()));
                line.add(training == null ? "" : String.format(Locale.ROOT, "%.0f", training.seconds()));
            }
            table.add(line);
        }
        return table;
    }

    /** A table for the terminal. */
    public String text() {
        List<List<String>> table = cells();
        StringBuilder text = new StringBuilder();
        for (List<String> line : table) {
            for (int column = 0; column < line.size(); column++) {
                int width = 0;
                for (List<String> other : table) {
                    width = Math.max(width, other.get(column).length());
                }
                boolean left = column < 2;
                text.append(String.format(Locale.ROOT, left ? "%-" + width + "s" : "%" + width + "s", line.get(column)))
                        .append(column + 1 < line.size() ? "  " : "\n");
            }
        }
        return text.toString();
    }

    /** A table in Markdown, with below it what the figures were measured in. */
    public String markdown() {
        StringBuilder text = new StringBuilder();
        List<List<String>> table = cells();
        for (int i = 0; i < table.size(); i++) {
            text.append("| ").append(String.join(" | ", table.get(i))).append(" |\n");
            if (i == 0) {
                text.append("|---".repeat(table.get(0).size())).append("|\n");
            }
        }
        if (!rows.isEmpty() && !rows.get(0).figures.isEmpty()) {
            text.append('\n');
            rows.get(0).figures.forEach(figure -> text.append(figure.metric())
                    .append(": ")
                    .append(figure.terms())
                    .append("\n\n"));
        }
        return text.toString();
    }

    /** The same as plain values. */
    public Map<String, @Nullable Object> toMap() {
        List<Object> lines = new ArrayList<>();
        for (Row row : rows) {
            Map<String, @Nullable Object> line = new LinkedHashMap<>();
            line.put("model", row.model);
            line.put("scheduler", row.scheduler);
            line.put("steps", (long) row.steps);
            line.put("guidance_scale", row.guidance);
            line.put("seed", row.seed);
            line.put("pictures", (long) row.pictures);
            line.put("seconds", row.seconds);
            line.put("figures", row.figures.stream().map(Figure::toMap).toList());
            TrainingCost training = row.training;
            if (training != null) {
                line.put("training_loss", training.lastLoss());
                line.put("training_seconds", training.seconds());
                line.put("training_steps", training.steps());
            }
            lines.add(line);
        }
        Map<String, @Nullable Object> whole = new LinkedHashMap<>();
        whole.put("rows", lines);
        return whole;
    }

    /** A row of pictures for each way, below each other, small ones enlarged. */
    public BufferedImage sheet() {
        List<BufferedImage> pictures = new ArrayList<>();
        for (Row row : rows) {
            pictures.add(ImageGrid.of(ImageGrid.visible(row.sample), shown));
        }
        return Panels.column(pictures, rows.stream().map(Row::title).toList());
    }

    /**
     * Quality over the seconds of a picture, a line for each way but for its number of steps, which stands beside each point.
     *
     * @param metric of {@link #metrics()}
     */
    public BufferedImage plot(String metric) {
        Chart chart = new Chart(metric + " over the time of a picture", "seconds a picture", "").logX(true);
        Map<String, List<double[]>> lines = new LinkedHashMap<>();
        for (Row row : rows) {
            row.figures.stream()
                    .filter(figure -> figure.metric().equals(metric))
                    .forEach(figure -> lines.computeIfAbsent(row.series, series -> new ArrayList<>())
                            .add(new double[] {row.seconds / row.pictures, figure.value(), row.steps}));
        }
        int colour = 0;
        for (Map.Entry<String, List<double[]>> line : lines.entrySet()) {
            List<double[]> points = line.getValue();
            points.sort(java.util.Comparator.comparingDouble(point -> point[2]));
            chart.add(
                    line.getKey(),
                    colour++,
                    Style.DOTS,
                    points.stream().mapToDouble(point -> point[0]).toArray(),
                    points.stream().mapToDouble(point -> point[1]).toArray(),
                    points.stream()
                            .map(point -> Integer.toString((int) point[2]))
                            .toList());
        }
        return chart.draw();
    }
}
