// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import java.awt.image.BufferedImage;

/**
 * Pictures in another size with Lanczos' filter of three lobes, antialiased, to the level as Pillow 13 does: two passes in whole numbers of
 * 22 bits, each rounded to 8 bits; rows first, unless the height shrinks much more than the width.
 */
public final class Lanczos {
    private static final int BITS = 22;
    private static final double LOBES = 3;
    private static final int CHANNELS = Levels.CHANNELS;

    private Lanczos() {}

    /**
     * Colours without their opacity.
     *
     * @return a new picture, or {@code image} itself where it has that size
     */
    public static BufferedImage resize(BufferedImage image, int width, int height) {
        if (image.getWidth() == width && image.getHeight() == height) {
            return image;
        }
        int lost = image.getHeight() - height;
        boolean columnsFirst = lost > 0 && lost > 2 * (image.getWidth() - width);
        int[] levels = Levels.of(image);
        int[] resized = columnsFirst
                ? across(down(levels, image.getWidth(), image.getHeight(), height), image.getWidth(), height, width)
                : down(across(levels, image.getWidth(), image.getHeight(), width), width, image.getHeight(), height);
        return Levels.image(resized, width, height);
    }

    private static int[] across(int[] levels, int width, int height, int newWidth) {
        if (width == newWidth) {
            return levels;
        }
        int[] result = new int[CHANNELS * newWidth * height];
        for (int x = 0; x < newWidth; x++) {
            Taps taps = Taps.of(width, newWidth, x);
            for (int y = 0; y < height; y++) {
                taps.apply(
                        levels, (y * width + taps.first) * CHANNELS, CHANNELS, result, (y * newWidth + x) * CHANNELS);
            }
        }
        return result;
    }

    private static int[] down(int[] levels, int width, int height, int newHeight) {
        if (height == newHeight) {
            return levels;
        }
        int[] result = new int[CHANNELS * width * newHeight];
        for (int y = 0; y < newHeight; y++) {
            Taps taps = Taps.of(height, newHeight, y);
            for (int x = 0; x < width; x++) {
                int from = (taps.first * width + x) * CHANNELS;
                taps.apply(levels, from, width * CHANNELS, result, (y * width + x) * CHANNELS);
            }
        }
        return result;
    }

    /**
     * What one place of a line is made of.
     *
     * @param first place of the source
     * @param weights from there on; their sum is 2²² but for rounding
     */
    private record Taps(int first, int[] weights) {
        static Taps of(int from, int to, int place) {
            double scale = (double) from / to;
            double stretch = Math.max(1, scale);
            double support = LOBES * stretch;
            double centre = (place + 0.5) * scale;
            int low = Math.max(0, (int) (centre - support + 0.5));
            int high = Math.min(from, (int) (centre + support + 0.5));
            double[] exact = new double[high - low];
            double sum = 0;
            for (int k = 0; k < exact.length; k++) {
                exact[k] = filter((k + low - centre + 0.5) / stretch);
                sum += exact[k];
            }
            int[] weights = new int[exact.length];
            for (int k = 0; k < exact.length; k++) {
                double weight = exact[k] / sum * (1 << BITS);
                weights[k] = (int) (weight < 0 ? weight - 0.5 : weight + 0.5);
            }
            return new Taps(low, weights);
        }

        private static double filter(double x) {
            return x >= -LOBES && x < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
        }

        private static double sinc(double x) {
            return x == 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
        }

        void apply(int[] levels, int at, int stride, int[] into, int to) {
            for (int c = 0; c < CHANNELS; c++) {
                int sum = 1 << (BITS - 1);
                for (int k = 0; k < weights.length; k++) {
                    sum += levels[at + k * stride + c] * weights[k];
                }
                into[to + c] = Math.max(0, Math.min(255, sum >> BITS));
            }
        }
    }
}
