// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.Check;

/**
 * Whether samples of a class differ from each other as real pictures do, and are no copies.
 *
 * @param ratio mean distance between two samples of one class, over that between two real pictures of one class
 * @param nearestCopy smallest distance of a sample to a real picture of its class, over the mean distance of a real picture to its
 *     nearest other real one; near 0 is a copy
 */
public record Variety(double ratio, double nearestCopy) {

    /**
     * @param samples {@code n} pictures of {@code size} numbers each, one after the other
     * @param sampleClasses their classes
     * @param real real pictures, the same size
     * @param realClasses their classes
     */
    public static Variety of(float[] samples, int[] sampleClasses, float[] real, int[] realClasses, int size) {
        Check.that(samples.length == sampleClasses.length * size, "samples and their classes differ in number");
        Check.that(real.length == realClasses.length * size, "real pictures and their classes differ in number");
        double within = meanWithin(samples, sampleClasses, size);
        double realWithin = meanWithin(real, realClasses, size);
        double nearest = Double.POSITIVE_INFINITY;
        for (int i = 0; i < sampleClasses.length; i++) {
            nearest = Math.min(nearest, nearest(samples, i, sampleClasses[i], real, realClasses, size, -1));
        }
        double usual = 0;
        for (int i = 0; i < realClasses.length; i++) {
            usual += nearest(real, i, realClasses[i], real, realClasses, size, i) / realClasses.length;
        }
        return new Variety(within / realWithin, nearest / usual);
    }

    private static double meanWithin(float[] pictures, int[] classes, int size) {
        double sum = 0;
        long pairs = 0;
        for (int i = 0; i < classes.length; i++) {
            for (int j = 0; j < i; j++) {
                if (classes[i] == classes[j]) {
                    sum += distance(pictures, i, pictures, j, size);
                    pairs++;
                }
            }
        }
        return pairs == 0 ? Double.NaN : sum / pairs;
    }

    private static double nearest(
            float[] of, int index, int wanted, float[] among, int[] classes, int size, int except) {
        double best = Double.POSITIVE_INFINITY;
        for (int j = 0; j < classes.length; j++) {
            if (classes[j] == wanted && j != except) {
                best = Math.min(best, distance(of, index, among, j, size));
            }
        }
        return best;
    }

    /** Root mean square over the pixels. */
    private static double distance(float[] a, int i, float[] b, int j, int size) {
        double sum = 0;
        for (int k = 0; k < size; k++) {
            double d = (double) a[i * size + k] - b[j * size + k];
            sum += d * d;
        }
        return Math.sqrt(sum / size);
    }
}
