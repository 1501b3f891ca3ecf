// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import dev.diffusion4j.base.Check;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;

/** Curves over an axis, with marks at round numbers and a legend where it hides least. */
public final class Chart {
    /** How a series looks. */
    public enum Style {
        /** A pale, thin line: what stands behind. */
        PALE,
        /** A line. */
        LINE,
        /** A broken line. */
        DASHES,
        /** A line with a dot at each value. */
        DOTS
    }

    private static final int LEFT = 78;
    private static final int MARGIN = 24;
    private static final int TOP = 40;
    private static final int BOTTOM = 50;
    private static final int ROW = 20;
    /** A longer legend stands beside the curves. */
    private static final int MOST_INSIDE = 4;

    private static final int DOT = 7;
    private static final Color GRID = new Color(0xdddddd);
    private static final Color INK = Color.DARK_GRAY;
    /** Tableau's ten, which most eyes can distinguish. */
    private static final int[] COLOURS = {
        0x1f77b4, 0xff7f0e, 0x2ca02c, 0xd62728, 0x9467bd, 0x8c564b, 0xe377c2, 0x7f7f7f, 0xbcbd22, 0x17becf
    };

    private final String title;
    private final String xLabel;
    private final String yLabel;
    private final List<Series> all = new ArrayList<>();
    private int width = 900;
    private int height = 480;
    private boolean logX;
    private boolean logY;
    private boolean words = true;
    private int right = MARGIN;

    private record Series(String name, double[] x, double[] y, List<String> labels, Color color, Style style) {}

    /** An empty one, 900×480 pixels; empty labels are omitted. */
    public Chart(String title, String xLabel, String yLabel) {
        this.title = title;
        this.xLabel = xLabel;
        this.yLabel = yLabel;
    }

    /** Of another size, in pixels. */
    public Chart size(int newWidth, int newHeight) {
        width = Check.inRange(newWidth, 200, 10_000, "width");
        height = Check.inRange(newHeight, 150, 10_000, "height");
        return this;
    }

    /** With a logarithmic x axis; values that are not positive are left out. */
    public Chart logX(boolean enabled) {
        logX = enabled;
        return this;
    }

    /** With a logarithmic y axis; values that are not positive are left out. */
    public Chart logY(boolean enabled) {
        logY = enabled;
        return this;
    }

    /**
     * Adds a series.
     *
     * @param name in the legend; empty for none
     * @param colour which of ten, from 0; begins anew after the last
     * @param x one for each of {@code y}
     * @param y what is not finite is left out
     */
    public Chart add(String name, int colour, Style style, double[] x, double[] y) {
        return add(name, colour, style, x, y, List.of());
    }

    /** As {@link #add(String, int, Style, double[], double[])}, with a word beside each value. */
    public Chart add(String name, int colour, Style style, double[] x, double[] y, List<String> labels) {
        Check.that(x.length == y.length, "there are " + x.length + " x for " + y.length + " y");
        Color color = new Color(COLOURS[colour % COLOURS.length]);
        all.add(new Series(
                name, x.clone(), y.clone(), List.copyOf(labels), style == Style.PALE ? pale(color) : color, style));
        return this;
    }

    private static Color pale(Color color) {
        return new Color(mix(color.getRed()), mix(color.getGreen()), mix(color.getBlue()));
    }

    private static int mix(int level) {
        return (level + 2 * 255) / 3;
    }

    /** As a picture, RGB. */
    public BufferedImage draw() {
        Axis x = axis(Series::x, logX, true);
        Axis y = axis(Series::y, logY, false);
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = image.createGraphics();
        pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        pen.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        pen.setColor(Color.WHITE);
        pen.fillRect(0, 0, width, height);
        List<Series> named =
                all.stream().filter(series -> !series.name.isEmpty()).toList();
        write(pen, () -> {
            pen.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
            right = named.size() > MOST_INSIDE ? legendWidth(pen, named) + 8 : MARGIN;
        });
        axes(pen, x, y);
        for (Series series : all) {
            draw(pen, series, x, y);
        }
        legend(pen, named, x, y);
        pen.dispose();
        return image;
    }

    private interface Values {
        double[] of(Series series);
    }

    private Axis axis(Values values, boolean log, boolean within) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (Series series : all) {
            for (int i = 0; i < series.x.length; i++) {
                if (shown(series, i)) {
                    low = Math.min(low, values.of(series)[i]);
                    high = Math.max(high, values.of(series)[i]);
                }
            }
        }
        if (low > high) {
            low = log ? 1 : 0;
            high = log ? 10 : 1;
        }
        return within ? Axis.within(low, high, log) : Axis.around(low, high, log);
    }

    private boolean shown(Series series, int i) {
        double x = series.x[i];
        double y = series.y[i];
        return Double.isFinite(x) && Double.isFinite(y) && (!logX || x > 0) && (!logY || y > 0);
    }

    private double left(Axis x, double value) {
        return LEFT + x.share(value) * (width - LEFT - right);
    }

    private double top(Axis y, double value) {
        return height - BOTTOM - y.share(value) * (height - TOP - BOTTOM);
    }

    private void axes(Graphics2D pen, Axis x, Axis y) {
        pen.setColor(GRID);
        x.marks().forEach(mark -> vertical(pen, (int) Math.round(left(x, mark))));
        y.marks().forEach(mark -> horizontal(pen, (int) Math.round(top(y, mark))));
        pen.setColor(INK);
        pen.drawRect(LEFT, TOP, width - LEFT - right, height - TOP - BOTTOM);
        write(pen, () -> {
            pen.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
            DoubleFunction<String> text = Axis::text;
            x.marks().forEach(mark -> middle(pen, text.apply(mark), (int) left(x, mark), height - BOTTOM + 18));
            y.marks().forEach(mark -> {
                String words = text.apply(mark);
                pen.drawString(words, LEFT - 8 - pen.getFontMetrics().stringWidth(words), (int) top(y, mark) + 5);
            });
            middle(pen, xLabel, (LEFT + width - right) / 2, height - 12);
            middle(pen, title, (LEFT + width - right) / 2, TOP - 14);
            pen.drawString(yLabel, 8, TOP - 14);
        });
    }

    private void vertical(Graphics2D pen, int x) {
        pen.drawLine(x, TOP, x, height - BOTTOM);
    }

    private void horizontal(Graphics2D pen, int y) {
        pen.drawLine(LEFT, y, width - right, y);
    }

    private static void middle(Graphics2D pen, String text, int x, int y) {
        pen.drawString(text, x - pen.getFontMetrics().stringWidth(text) / 2, y);
    }

    /** Java needs fonts of the system; a chart without words is better than none. */
    private void write(Graphics2D pen, Runnable body) {
        if (!words) {
            return;
        }
        try {
            pen.setColor(INK);
            body.run();
        } catch (RuntimeException | LinkageError | InternalError e) {
            words = false;
        }
    }

    private void draw(Graphics2D pen, Series series, Axis x, Axis y) {
        pen.setColor(series.color);
        pen.setStroke(stroke(series.style));
        Path2D path = new Path2D.Double();
        boolean begun = false;
        for (int i = 0; i < series.x.length; i++) {
            if (!shown(series, i)) {
                continue;
            }
            double px = left(x, series.x[i]);
            double py = top(y, series.y[i]);
            if (begun) {
                path.lineTo(px, py);
            } else {
                path.moveTo(px, py);
            }
            begun = true;
            if (i < series.labels.size()) {
                String label = series.labels.get(i);
                write(pen, () -> pen.drawString(label, (float) px + DOT, (float) py - DOT));
                pen.setColor(series.color);
            }
            if (series.style == Style.DOTS) {
                pen.fill(new Ellipse2D.Double(px - DOT / 2.0, py - DOT / 2.0, DOT, DOT));
            }
        }
        pen.draw(path);
    }

    private static BasicStroke stroke(Style style) {
        float thickness = style == Style.PALE ? 1f : 2.2f;
        return style == Style.DASHES
                ? new BasicStroke(thickness, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {8, 5}, 0)
                : new BasicStroke(thickness, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
    }

    private static int legendWidth(Graphics2D pen, List<Series> named) {
        int wide = 0;
        for (Series series : named) {
            wide = Math.max(wide, pen.getFontMetrics().stringWidth(series.name) + 48);
        }
        return wide;
    }

    private void legend(Graphics2D pen, List<Series> named, Axis x, Axis y) {
        if (named.isEmpty()) {
            return;
        }
        write(pen, () -> {
            int wide = legendWidth(pen, named);
            int high = ROW * named.size() + 8;
            int[] place = named.size() > MOST_INSIDE ? new int[] {width - right, TOP} : emptiest(x, y, wide, high);
            pen.setColor(new Color(255, 255, 255, 220));
            pen.fillRect(place[0] + 1, place[1], wide, high);
            for (int i = 0; i < named.size(); i++) {
                int line = place[1] + ROW * (i + 1);
                pen.setColor(named.get(i).color);
                pen.setStroke(stroke(named.get(i).style));
                pen.drawLine(place[0] + 8, line - 5, place[0] + 32, line - 5);
                pen.setColor(INK);
                pen.drawString(named.get(i).name, place[0] + 40, line);
            }
        });
    }

    /** Of four corners the one with the fewest values behind the legend; the upper right where it does not matter. */
    private int[] emptiest(Axis x, Axis y, int wide, int high) {
        int[] lefts = {width - right - wide - 8, LEFT + 8};
        int[] tops = {TOP + 8, height - BOTTOM - high - 8};
        int[] best = {lefts[0], tops[0]};
        int fewest = Integer.MAX_VALUE;
        for (int top : tops) {
            for (int left : lefts) {
                int behind = behind(x, y, new java.awt.Rectangle(left, top, wide, high));
                if (behind < fewest) {
                    fewest = behind;
                    best = new int[] {left, top};
                }
            }
        }
        return best;
    }

    private int behind(Axis x, Axis y, java.awt.Rectangle box) {
        int behind = 0;
        for (Series series : all) {
            for (int i = 0; i < series.x.length; i++) {
                if (shown(series, i) && box.contains(left(x, series.x[i]), top(y, series.y[i]))) {
                    behind++;
                }
            }
        }
        return behind;
    }
}
