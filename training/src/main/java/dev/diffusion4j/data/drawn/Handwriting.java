// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.drawn;

import dev.diffusion4j.data.drawn.DigitGlyphs.Glyph;
import dev.diffusion4j.data.drawn.DigitGlyphs.Line;
import dev.diffusion4j.data.random.SeededRandom;

/**
 * One person's hand, drawn at random: how a digit leans, how wide, large, heavy, bent and shaky it is, and where it stands. All
 * arithmetic is exact or {@link StrictMath}'s, so that a digit is the same on every machine.
 */
public final class Handwriting {
    public static final int SIZE = 28;

    private static final double MARGIN = 0.8;

    private final double slant;
    private final double turn;
    private final double side;
    private final double stretch;
    private final double radius;
    private final double swell;
    private final double phase;
    private final double bendX;
    private final double bendY;
    private final double waist;
    private final double taper;
    private final double shake;
    private final double shiftX;
    private final double shiftY;
    private final double brightness;
    private final SeededRandom random;

    public Handwriting(SeededRandom random) {
        this.random = random;
        slant = 0.14 + random.around(0.22);
        turn = random.around(0.07);
        side = random.between(17.5, 21.5);
        stretch = random.between(0.76, 1.34);
        double heavy = random.nextDouble();
        radius = 0.75 + 0.95 * heavy * heavy + random.between(0, 0.25);
        swell = random.between(0, 0.22);
        phase = random.between(0, 2 * Math.PI);
        bendX = random.around(0.035);
        bendY = random.around(0.03);
        waist = random.around(0.055);
        taper = random.around(0.14);
        shake = random.between(0.006, 0.028);
        shiftX = random.around(0.7);
        shiftY = random.around(0.7);
        brightness = random.between(0.9, 1.0);
    }

    /** Writes a digit: {@value #SIZE}² levels, white on black. */
    public byte[] write(Glyph glyph) {
        int lines = glyph.lines().size();
        double[][] xs = new double[lines][];
        double[][] ys = new double[lines][];
        for (int i = 0; i < lines; i++) {
            place(glyph, glyph.lines().get(i), xs, ys, i);
        }
        fit(xs, ys);
        Pen pen = new Pen(SIZE);
        for (int i = 0; i < lines; i++) {
            draw(pen, xs[i], ys[i], glyph.lines().get(i).corner());
        }
        return pen.levels(brightness);
    }

    /** The pen's points around the origin, for a digit of height 1. */
    private void place(Glyph glyph, Line line, double[][] xs, double[][] ys, int index) {
        int n = line.x().length;
        double[] px = new double[n];
        double[] py = new double[n];
        double width = glyph.aspect() * stretch;
        for (int i = 0; i < n; i++) {
            double x = line.x()[i] - 0.5;
            double y = line.y()[i] - 0.5;
            double across = x * width * (1 + taper * y) + bendX * StrictMath.sin(5 * y + phase) + random.around(shake);
            double along =
                    y + waist * (1 - 4 * y * y) + bendY * StrictMath.sin(4 * x + 1.7 * phase) + random.around(shake);
            double leaned = across - slant * along;
            px[i] = leaned - turn * along;
            py[i] = along + turn * leaned;
        }
        xs[index] = px;
        ys[index] = py;
    }

    /** To pixels: the longer side is what this hand makes it; the middle of all ink comes near the middle of the picture. */
    private void fit(double[][] xs, double[][] ys) {
        double[] x = range(xs);
        double[] y = range(ys);
        double scale = (side - 2 * radius) / Math.max(x[1] - x[0], y[1] - y[0]);
        double[] middle = middle(xs, ys);
        double toX = keepInside((SIZE + 1) / 2.0 + shiftX, scale * (x[0] - middle[0]), scale * (x[1] - middle[0]));
        double toY = keepInside((SIZE + 1) / 2.0 + shiftY, scale * (y[0] - middle[1]), scale * (y[1] - middle[1]));
        for (int i = 0; i < xs.length; i++) {
            for (int k = 0; k < xs[i].length; k++) {
                xs[i][k] = (xs[i][k] - middle[0]) * scale + toX;
                ys[i][k] = (ys[i][k] - middle[1]) * scale + toY;
            }
        }
    }

    private double keepInside(double place, double low, double high) {
        double edge = MARGIN + radius;
        return Math.max(edge - low, Math.min(SIZE - edge - high, place));
    }

    /** The centre of mass of the straight lines from point to point. */
    private static double[] middle(double[][] xs, double[][] ys) {
        double sumX = 0;
        double sumY = 0;
        double sum = 1e-9;
        for (int i = 0; i < xs.length; i++) {
            for (int k = 1; k < xs[i].length; k++) {
                double dx = xs[i][k] - xs[i][k - 1];
                double dy = ys[i][k] - ys[i][k - 1];
                double length = Math.sqrt(dx * dx + dy * dy);
                sumX += length * (xs[i][k] + xs[i][k - 1]) / 2;
                sumY += length * (ys[i][k] + ys[i][k - 1]) / 2;
                sum += length;
            }
        }
        return new double[] {sumX / sum, sumY / sum};
    }

    private static double[] range(double[][] values) {
        double low = Double.MAX_VALUE;
        double high = -Double.MAX_VALUE;
        for (double[] line : values) {
            for (double value : line) {
                low = Math.min(low, value);
                high = Math.max(high, value);
            }
        }
        return new double[] {low, high};
    }

    /** A smooth curve through the points (cubic, each tangent from both neighbours), heavier here and lighter there. */
    private void draw(Pen pen, double[] x, double[] y, boolean[] corner) {
        int n = x.length;
        double[] length = new double[n];
        for (int i = 0; i + 1 < n; i++) {
            length[i] = Math.sqrt((x[i + 1] - x[i]) * (x[i + 1] - x[i]) + (y[i + 1] - y[i]) * (y[i + 1] - y[i])) + 1e-9;
        }
        double lastX = x[0];
        double lastY = y[0];
        double path = phase;
        for (int i = 0; i + 1 < n; i++) {
            double tx0 = tangent(x, length, corner, i, true);
            double ty0 = tangent(y, length, corner, i, true);
            double tx1 = tangent(x, length, corner, i + 1, false);
            double ty1 = tangent(y, length, corner, i + 1, false);
            int pieces = 1 + (int) (length[i] / 1.3);
            for (int k = 1; k <= pieces; k++) {
                double t = (double) k / pieces;
                double nextX = hermite(x[i], x[i + 1], tx0 * length[i], tx1 * length[i], t);
                double nextY = hermite(y[i], y[i + 1], ty0 * length[i], ty1 * length[i], t);
                path += length[i] / pieces * 0.25;
                pen.segment(lastX, lastY, nextX, nextY, radius * (1 + swell * StrictMath.sin(path)));
                lastX = nextX;
                lastY = nextY;
            }
        }
    }

    /** Change per pixel of path at point {@code i}; at a corner or an end only the side that is being drawn counts. */
    private static double tangent(double[] v, double[] length, boolean[] corner, int i, boolean leaving) {
        boolean first = i == 0;
        boolean last = i == v.length - 1;
        if (first || corner[i] && leaving && !last) {
            return (v[i + 1] - v[i]) / length[i];
        }
        double before = (v[i] - v[i - 1]) / length[i - 1];
        if (last || corner[i]) {
            return before;
        }
        double after = (v[i + 1] - v[i]) / length[i];
        return (before * length[i] + after * length[i - 1]) / (length[i] + length[i - 1]);
    }

    private static double hermite(double from, double to, double tangentFrom, double tangentTo, double t) {
        double t2 = t * t;
        double t3 = t2 * t;
        return (2 * t3 - 3 * t2 + 1) * from
                + (t3 - 2 * t2 + t) * tangentFrom
                + (3 * t2 - 2 * t3) * to
                + (t3 - t2) * tangentTo;
    }
}
