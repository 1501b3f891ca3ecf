// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import dev.diffusion4j.image.PngFile;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The loss over the steps as a picture: the raw values thin, a running mean thick, logarithmic. */
public final class LossPlot {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 480;
    private static final int LEFT = 70;
    private static final int RIGHT = 24;
    private static final int TOP = 40;
    private static final int BOTTOM = 50;
    private static final Color RAW = new Color(0x9ecae1);
    private static final Color MEAN = new Color(0x08519c);
    private static final Color GRID = new Color(0xdddddd);

    private final double firstStep;
    private final double lastStep;
    private final double low;
    private final double high;

    private LossPlot(double firstStep, double lastStep, double low, double high) {
        this.firstStep = firstStep;
        this.lastStep = lastStep;
        this.low = low;
        this.high = high;
    }

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
        if (losses.size() >= 2) {
            PngFile.write(picture, draw(steps, losses));
        }
    }

    /** @param losses greater than 0, at least two; one for each step */
    static BufferedImage draw(List<Double> steps, List<Double> losses) {
        List<Double> marks = lossMarks(
                losses.stream().mapToDouble(Double::doubleValue).min().orElseThrow(),
                losses.stream().mapToDouble(Double::doubleValue).max().orElseThrow());
        LossPlot plot =
                new LossPlot(steps.get(0), steps.get(steps.size() - 1), marks.get(0), marks.get(marks.size() - 1));
        BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = image.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        pen.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        pen.setColor(Color.WHITE);
        pen.fillRect(0, 0, WIDTH, HEIGHT);
        pen.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        plot.axes(pen, marks);
        plot.line(pen, steps, losses, RAW, 1f);
        plot.line(pen, steps, smooth(losses), MEAN, 2.2f);
        plot.legend(pen, 0, "each step", RAW);
        plot.legend(pen, 1, "running mean", MEAN);
        pen.dispose();
        return image;
    }

    private double x(double step) {
        return LEFT + (step - firstStep) / Math.max(1, lastStep - firstStep) * (WIDTH - LEFT - RIGHT);
    }

    private double y(double loss) {
        return HEIGHT - BOTTOM - Math.log(loss / low) / Math.log(high / low) * (HEIGHT - TOP - BOTTOM);
    }

    private void axes(Graphics2D pen, List<Double> lossMarks) {
        for (double loss : lossMarks) {
            int y = (int) Math.round(y(loss));
            pen.setColor(GRID);
            pen.drawLine(LEFT, y, WIDTH - RIGHT, y);
            pen.setColor(Color.DARK_GRAY);
            String text = text(loss);
            pen.drawString(text, LEFT - 8 - pen.getFontMetrics().stringWidth(text), y + 5);
        }
        for (double step : stepMarks(firstStep, lastStep)) {
            int x = (int) Math.round(x(step));
            pen.setColor(GRID);
            pen.drawLine(x, TOP, x, HEIGHT - BOTTOM);
            pen.setColor(Color.DARK_GRAY);
            middle(pen, String.format(Locale.ROOT, "%.0f", step), x, HEIGHT - BOTTOM + 18);
        }
        pen.drawRect(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
        middle(pen, "step", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12);
        middle(pen, "loss", (LEFT + WIDTH - RIGHT) / 2, TOP - 14);
    }

    private static void middle(Graphics2D pen, String text, int x, int y) {
        pen.drawString(text, x - pen.getFontMetrics().stringWidth(text) / 2, y);
    }

    private void line(Graphics2D pen, List<Double> steps, List<Double> losses, Color color, float width) {
        Path2D path = new Path2D.Double();
        path.moveTo(x(steps.get(0)), y(losses.get(0)));
        for (int i = 1; i < losses.size(); i++) {
            path.lineTo(x(steps.get(i)), y(losses.get(i)));
        }
        pen.setColor(color);
        pen.setStroke(new BasicStroke(width, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        pen.draw(path);
    }

    private void legend(Graphics2D pen, int row, String text, Color color) {
        int x = WIDTH - RIGHT - 140;
        int y = TOP + 20 + 20 * row;
        pen.setColor(color);
        pen.drawLine(x, y - 4, x + 24, y - 4);
        pen.setColor(Color.DARK_GRAY);
        pen.drawString(text, x + 32, y);
    }

    private static String text(double loss) {
        return loss < 1e-4 || loss >= 1e5
                ? String.format(Locale.ROOT, "%.0e", loss)
                : new java.math.BigDecimal(loss)
                        .round(new java.math.MathContext(1))
                        .stripTrailingZeros()
                        .toPlainString();
    }

    /** 1, 2 and 5 of each decade from the last below the smallest loss to the first above the largest; at least two. */
    static List<Double> lossMarks(double smallest, double largest) {
        List<Double> marks = new ArrayList<>();
        int exponent = (int) Math.floor(Math.log10(smallest)) - 1;
        while (marks.size() < 2 || marks.get(marks.size() - 1) < largest) {
            for (int digit : new int[] {1, 2, 5}) {
                double mark = Double.parseDouble(digit + "e" + exponent);
                if (mark <= smallest) {
                    marks.clear();
                }
                if (marks.size() < 2 || marks.get(marks.size() - 1) < largest) {
                    marks.add(mark);
                }
            }
            exponent++;
        }
        return marks;
    }

    /** Whole steps, at most nine, in strides of 1, 2 or 5 times a power of ten. */
    static List<Double> stepMarks(double first, double last) {
        double stride = 1;
        for (int i = 0; (last - first) / stride > 8; i++) {
            stride *= i % 3 == 1 ? 2.5 : 2;
        }
        List<Double> marks = new ArrayList<>();
        for (double mark = Math.ceil(first / stride) * stride; mark <= last; mark += stride) {
            marks.add(mark);
        }
        return marks;
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
}
