// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.transform;

/**
 * Which source samples make up each output sample of a line, and with what weights: a triangle as wide as one output sample, or as
 * one input sample where the line grows ("bilinear, antialiased"). Whole numbers of {@value #BITS} bits, as in Pillow 13, so that
 * results are equal bit by bit.
 */
final class ResampleTable {
    static final int BITS = 22;

    final int from;
    final int to;
    /** First source sample of each output sample. */
    final int[] first;
    /** How many there are. */
    final int[] count;
    /** {@link #taps} weights for each output sample, summing up to 2²² but for rounding; long for {@link Resampler}'s products. */
    final long[] weights;

    final int taps;

    ResampleTable(int from, int to) {
        this.from = from;
        this.to = to;
        double scale = (double) from / to;
        double support = Math.max(1, scale);
        taps = (int) Math.ceil(support) * 2 + 1;
        first = new int[to];
        count = new int[to];
        weights = new long[to * taps];
        double[] exact = new double[taps];
        for (int i = 0; i < to; i++) {
            double centre = (i + 0.5) * scale;
            int low = Math.max(0, (int) (centre - support + 0.5));
            int high = Math.min(from, (int) (centre + support + 0.5));
            double sum = 0;
            for (int k = 0; k < high - low; k++) {
                exact[k] = Math.max(0, 1 - Math.abs((k + low - centre + 0.5) / support));
                sum += exact[k];
            }
            for (int k = 0; k < high - low; k++) {
                weights[i * taps + k] = (long) (0.5 + exact[k] / sum * (1 << BITS));
            }
            first[i] = low;
            count[i] = high - low;
        }
    }
}
