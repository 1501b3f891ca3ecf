// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One direction of a {@link Chart}: what it spans and where its marks stand.
 *
 * @param low least value
 * @param high greatest value, more than {@code low}
 * @param log whether equal factors are equally far apart
 * @param marks few and round
 */
record Axis(double low, double high, boolean log, List<Double> marks) {
    private static final int MOST_STRIDES = 8;
    private static final int MOST_LOG_MARKS = 13;

    /** Around all values, from mark to mark. */
    static Axis around(double smallest, double largest, boolean log) {
        List<Double> marks = log ? logMarks(smallest, largest) : enclosing(smallest, largest);
        return new Axis(marks.get(0), marks.get(marks.size() - 1), log, marks);
    }

    /** From the first value to the last, with marks in between. */
    static Axis within(double smallest, double largest, boolean log) {
        if (log) {
            return around(smallest, largest, true);
        }
        double high = largest > smallest ? largest : smallest + 1;
        return new Axis(smallest, high, false, linearMarks(smallest, high));
    }

    /** Where a value lies: 0 at {@code low}, 1 at {@code high}. */
    double share(double value) {
        return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    }

    /** A mark's text. */
    static String text(double mark) {
        if (mark == 0) {
            return "0";
        }
        double size = Math.abs(mark);
        return size < 1e-4 || size >= 1e6
                ? String.format(Locale.ROOT, "%.0e", mark)
                : new BigDecimal(mark)
                        .round(new MathContext(6))
                        .stripTrailingZeros()
                        .toPlainString();
    }

    /** 1, 2 and 5 of each decade from the last below the smallest value to the first above the largest; at least two. */
    static List<Double> logMarks(double smallest, double largest) {
        int[] digits = Math.log10(largest / smallest) * 3 > MOST_LOG_MARKS ? new int[] {1} : new int[] {1, 2, 5};
        List<Double> marks = new ArrayList<>();
        int exponent = (int) Math.floor(Math.log10(smallest)) - 1;
        while (marks.size() < 2 || marks.get(marks.size() - 1) < largest) {
            for (int digit : digits) {
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

    /** At most nine, in strides of 1, 2 or 5 times a power of ten, from {@code first} to {@code last}. */
    static List<Double> linearMarks(double first, double last) {
        return multiples(Math.ceil(first / stride(first, last) - 1e-9), last, stride(first, last));
    }

    private static List<Double> enclosing(double smallest, double largest) {
        double high = largest > smallest ? largest : smallest + Math.max(1e-9, Math.abs(smallest));
        double stride = stride(smallest, high);
        return multiples(Math.floor(smallest / stride + 1e-9), Math.ceil(high / stride - 1e-9) * stride, stride);
    }

    private static List<Double> multiples(double from, double last, double stride) {
        List<Double> marks = new ArrayList<>();
        for (double i = from; i * stride <= last + 1e-9 * stride; i++) {
            marks.add(new BigDecimal(i * stride).round(new MathContext(12)).doubleValue() + 0.0);
        }
        return marks;
    }

    private static double stride(double first, double last) {
        double power = Math.pow(10, Math.floor(Math.log10((last - first) / MOST_STRIDES)));
        for (double digit : new double[] {1, 2, 5}) {
            if ((last - first) / (digit * power) <= MOST_STRIDES) {
                return digit * power;
            }
        }
        return 10 * power;
    }
}
