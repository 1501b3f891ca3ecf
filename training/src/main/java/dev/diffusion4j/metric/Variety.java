// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.Check;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Whether samples of a class differ from each other as real pictures do, and are no copies of what was learnt from.
 *
 * @param ratio mean distance between two samples of one class, over that between two real pictures of one class
 * @param nearest smallest distance of a sample to a training picture of its class, over the mean distance of a real picture that
 *     was not trained on to the training picture that is nearest to it; 0 is a copy
 * @param copies samples that are nearer to a training picture than {@link #COPY} of that
 */
public record Variety(double ratio, double nearest, int copies) {
    /** Nearer than this share of the usual distance is a copy. */
    public static final double COPY = 0.1;

    /**
     * Begins to measure; the training pictures come bit by bit.
     *
     * @param samples {@code n} pictures of {@code size} numbers each, one after the other
     * @param sampleClasses their classes
     * @param real real pictures that were not trained on, the same size
     * @param realClasses their classes
     */
    public static Measure measure(float[] samples, long[] sampleClasses, float[] real, long[] realClasses, int size) {
        Check.that(samples.length == sampleClasses.length * size, "samples and their classes differ in number");
        Check.that(real.length == realClasses.length * size, "real pictures and their classes differ in number");
        return new Measure(
                new Nearest(samples, sampleClasses, size),
                new Nearest(real, realClasses, size),
                meanWithin(samples, sampleClasses, size) / meanWithin(real, realClasses, size));
    }

    /** A measurement that goes on. Belongs to one thread. */
    public static final class Measure {
        private final Nearest samples;
        private final Nearest real;
        private final double ratio;

        private Measure(Nearest samples, Nearest real, double ratio) {
            this.samples = samples;
            this.real = real;
            this.ratio = ratio;
        }

        /**
         * Compares with some training pictures.
         *
         * @param pictures one after the other
         * @param classes theirs
         */
        public void compare(float[] pictures, long[] classes) {
            samples.compare(pictures, classes);
            real.compare(pictures, classes);
        }

        /** After all training pictures. */
        public Variety result() {
            double usual = Arrays.stream(real.best)
                    .filter(Double::isFinite)
                    .map(Math::sqrt)
                    .average()
                    .orElse(Double.NaN);
            double[] distances = Arrays.stream(samples.best)
                    .map(best -> Math.sqrt(best) / usual)
                    .toArray();
            return new Variety(ratio, Arrays.stream(distances).min().orElse(Double.NaN), (int)
                    Arrays.stream(distances).filter(distance -> distance < COPY).count());
        }
    }

    /** The smallest squared distance of each of some pictures to those of its class that came by. */
    private static final class Nearest {
        private final float[] pictures;
        private final long[] classes;
        private final int size;
        private final double[] best;

        Nearest(float[] pictures, long[] classes, int size) {
            this.pictures = pictures;
            this.classes = classes;
            this.size = size;
            this.best = new double[classes.length];
            Arrays.fill(best, Double.POSITIVE_INFINITY);
        }

        void compare(float[] others, long[] otherClasses) {
            IntStream.range(0, classes.length).parallel().forEach(i -> {
                for (int j = 0; j < otherClasses.length; j++) {
                    if (otherClasses[j] == classes[i]) {
                        best[i] = Math.min(best[i], squared(pictures, i, others, j, size, best[i]));
                    }
                }
            });
        }
    }

    private static double meanWithin(float[] pictures, long[] classes, int size) {
        double sum = 0;
        long pairs = 0;
        for (int i = 0; i < classes.length; i++) {
            for (int j = 0; j < i; j++) {
                if (classes[i] == classes[j]) {
                    sum += Math.sqrt(squared(pictures, i, pictures, j, size, Double.POSITIVE_INFINITY));
                    pairs++;
                }
            }
        }
        return pairs == 0 ? Double.NaN : sum / pairs;
    }

    /** Mean square over the pixels; some larger number where it is larger than {@code enough}. */
    private static double squared(float[] a, int i, float[] b, int j, int size, double enough) {
        double sum = 0;
        double limit = enough * size;
        int k = 0;
        while (k < size && sum <= limit) {
            for (int end = Math.min(size, k + 64); k < end; k++) {
                float d = a[i * size + k] - b[j * size + k];
                sum += d * d;
            }
        }
        return k < size ? Double.POSITIVE_INFINITY : sum / size;
    }
}
