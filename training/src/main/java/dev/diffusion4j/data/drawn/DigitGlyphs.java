// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.drawn;

import java.util.ArrayList;
import java.util.List;

/**
 * How people write the ten digits: several ways each, as the points that the pen passes. A point is {@code x,y} in hundredths of
 * the digit's box, y downwards; {@code !} marks a corner, elsewhere the pen goes smoothly; {@code |} lifts it.
 */
public final class DigitGlyphs {
    /**
     * One way to write a digit.
     *
     * @param weight how common it is
     * @param aspect width of the box as a part of its height
     */
    public record Glyph(double weight, double aspect, List<Line> lines) {}

    /** What is written without lifting the pen: x and y of n points, in [0, 1], and which of them are corners. */
    record Line(double[] x, double[] y, boolean[] corner) {}

    private static final List<List<Glyph>> DIGITS = List.of(
            List.of(
                    glyph(4, 0.80, "58,2 28,9 6,45 16,84 45,99 78,88 95,52 82,14 54,1"),
                    glyph(2, 0.76, "70,6 34,6 8,40 12,80 42,99 76,88 92,48 80,16 58,6 36,14"),
                    glyph(1, 0.92, "50,0 18,14 2,50 16,86 50,100 84,86 98,50 84,14 50,0")),
            List.of(
                    glyph(5, 0.14, "52,0 50,35 49,65 48,100"),
                    glyph(2, 0.36, "8,24 45,10 66,0! 64,50 62,100"),
                    glyph(1, 0.50, "18,22 50,2! 50,50 50,100! | 14,100 50,99 88,100")),
            List.of(
                    glyph(4, 0.82, "8,24 22,6 52,0 82,12 84,34 62,62 34,84 8,98! 50,96 96,97"),
                    glyph(3, 0.90, "10,20 34,2 70,4 84,24 70,52 40,82 16,94 6,84 20,74 48,84 76,96 98,90"),
                    glyph(2, 0.74, "14,16 50,0 84,16 78,44 44,74 10,98! 54,95 94,98")),
            List.of(
                    glyph(4, 0.72, "10,14 40,0 76,8 82,28 62,44 38,48! 70,52 92,70 82,92 46,100 8,90"),
                    glyph(2, 0.72, "12,10 46,0 82,14 76,36 48,47 40,50 52,52 88,64 90,88 54,100 6,92"),
                    glyph(1, 0.7, "12,3 48,3 88,3! 66,22 42,42! 76,50 92,72 78,94 44,100 8,90")),
            List.of(
                    glyph(3, 0.74, "22,0 16,28 8,54! 48,56 96,52! | 76,16 72,58 66,100"),
                    glyph(2, 0.70, "70,0 40,34 4,66! 48,66 98,64! | 70,0 69,50 67,100"),
                    glyph(2, 0.74, "16,4 10,34 22,52 52,52 82,40! | 88,0 82,48 72,100")),
            List.of(
                    glyph(3, 0.80, "90,2 58,3 26,4! 22,24 18,44! 48,37 82,50 88,74 66,95 36,100 6,90"),
                    glyph(2, 0.82, "26,6 22,26 18,46! 52,38 86,54 88,78 64,97 34,99 6,88 | 26,5 58,5 94,2"),
                    glyph(1, 0.78, "86,0 52,2 24,6! 18,40! 56,42 90,62 78,90 44,100 8,94")),
            List.of(
                    glyph(3, 0.60, "76,2 44,16 16,48 8,76 30,98 66,97 88,76 70,56 40,58 14,76"),
                    glyph(2, 0.54, "58,0 30,30 10,64 18,92 50,100 82,86 80,64 52,56 22,68 10,82"),
                    glyph(1, 0.64, "86,10 56,0 22,26 6,62 20,94 56,100 90,80 78,56 46,50 14,66")),
            List.of(
                    glyph(4, 0.74, "6,4 48,5 92,3! 72,34 54,66 44,100"),
                    glyph(2, 0.76, "6,6 48,5 92,3! 70,36 54,66 46,100 | 30,52 56,50 84,48"),
                    glyph(2, 0.70, "10,20 10,5! 50,5 90,3! 76,28 50,58 38,100")),
            List.of(
                    glyph(4, 0.70, "84,14 54,0 22,10 24,32 52,48 80,66 82,88 52,100 18,90 18,70 48,50 76,32 86,14"),
                    glyph(
                            2,
                            0.68,
                            "52,0 22,10 22,36 50,46 78,36 80,12 52,0 | 50,46 16,58 12,86 50,100 88,88 84,58 50,46"),
                    glyph(1, 0.66, "70,4 30,6 18,24 46,44 76,62 84,84 54,100 18,90 24,66 56,46 84,22 66,2")),
            List.of(
                    glyph(3, 0.58, "86,20 60,2 24,8 10,32 34,50 66,42 84,20! 82,56 76,100"),
                    glyph(2, 0.60, "84,18 54,0 16,12 14,38 44,48 74,36 86,16 88,54 72,88 42,100 14,92"),
                    glyph(1, 0.56, "88,6 50,2 14,16 16,42 48,46 88,6! 74,52 62,100")));

    private DigitGlyphs() {}

    /** The ways to write a digit 0 … 9; choose by weight with {@code place} in [0, 1). */
    public static Glyph pick(int digit, double place) {
        List<Glyph> ways = DIGITS.get(digit);
        double total = 0;
        for (Glyph way : ways) {
            total += way.weight();
        }
        double left = place * total;
        for (Glyph way : ways) {
            left -= way.weight();
            if (left < 0) {
                return way;
            }
        }
        return ways.get(ways.size() - 1);
    }

    private static Glyph glyph(double weight, double aspect, String text) {
        List<Line> lines = new ArrayList<>();
        for (String line : text.split("\\|")) {
            lines.add(line(line.strip().split(" ")));
        }
        return new Glyph(weight, aspect, List.copyOf(lines));
    }

    private static Line line(String[] points) {
        Line line = new Line(new double[points.length], new double[points.length], new boolean[points.length]);
        for (int i = 0; i < points.length; i++) {
            String point = points[i];
            line.corner[i] = point.endsWith("!");
            String[] xy = point.replace("!", "").split(",");
            line.x[i] = Integer.parseInt(xy[0]) / 100.0;
            line.y[i] = Integer.parseInt(xy[1]) / 100.0;
        }
        return line;
    }
}
