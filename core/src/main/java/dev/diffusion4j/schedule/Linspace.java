// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

/** Evenly spaced numbers, rounded exactly as numpy's {@code linspace} rounds them. */
public final class Linspace {
    private Linspace() {}

    /** {@code count} values from {@code start} to {@code end}, both included; only {@code start} where count is 1. */
    public static double[] of(double start, double end, int count) {
        double[] values = new double[count];
        double step = (end - start) / Math.max(1, count - 1);
        for (int i = 0; i < count; i++) {
            values[i] = i > 0 && i == count - 1 ? end : start + i * step;
        }
        return values;
    }
}
