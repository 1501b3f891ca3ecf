// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import java.util.Arrays;

/**
 * Bilinear resizing with antialiasing, equal to Pillow's (and so to torchvision's {@code Resize} on pictures): first along the rows,
 * rounded to 8 bits, then along the columns. Keeps its tables and buffers from one picture to the next; not thread-safe.
 */
final class Resampler {
    private static final int HALF = 1 << (ResampleTable.BITS - 1);
    private static final long BOTH_HALVES = (long) HALF << 32 | HALF;
    private static final int KEEP = 1 << 22;

    private ResampleTable across = new ResampleTable(1, 1);
    private ResampleTable down = across;
    private int[] between = {};
    private int[] sums = {};

    /** The part of {@code image} that begins at {@code (left, top)}, {@code width}×{@code height}, at another size. */
    PixelImage resize(PixelImage image, int left, int top, int width, int height, int newWidth, int newHeight) {
        if (width == newWidth && height == newHeight && width == image.width() && height == image.height()) {
            return image;
        }
        if (across.from != width || across.to != newWidth) {
            across = new ResampleTable(width, newWidth);
        }
        if (down.from != height || down.to != newHeight) {
            down = new ResampleTable(height, newHeight);
        }
        int channels = image.channels();
        int line = newWidth * channels;
        int needed = Math.multiplyExact(line, height);
        if (between.length < needed || between.length > KEEP && needed < KEEP) {
            between = new int[needed];
        }
        int stride = image.width() * channels;
        int start = top * stride + left * channels;
        if (width == newWidth) {
            for (int y = 0; y < height; y++) {
                copy(image.pixels(), start + y * stride, y * line, line);
            }
        } else if (channels == 1) {
            for (int y = 0; y < height; y++) {
                greyRow(image.pixels(), start + y * stride, across, between, y * line);
            }
        } else {
            colourRows(image.pixels(), start, stride, height, line);
        }
        return new PixelImage(newWidth, newHeight, channels, columns(line, newHeight));
    }

    private void copy(byte[] from, int start, int to, int length) {
        for (int i = 0; i < length; i++) {
            between[to + i] = from[start + i] & 0xff;
        }
    }

    private static void greyRow(byte[] from, int start, ResampleTable table, int[] into, int to) {
        final long[] weights = table.weights;
        for (int x = 0; x < table.to; x++) {
            long sum = HALF;
            int at = start + table.first[x];
            int w = x * table.taps;
            int count = table.count[x];
            for (int k = 0; k < count; k++) {
                sum += (from[at + k] & 0xff) * weights[w + k];
            }
            into[to + x] = (int) sum >> ResampleTable.BITS;
        }
    }

    private void colourRows(byte[] from, int start, int stride, int height, int line) {
        for (int y = 0; y < height; y += 2) {
            int at = start + y * stride;
            int second = y + 1 < height ? stride : 0; // an odd last row is done twice
            colourRows(from, at, at + second, across, between, y * line, (second == 0 ? y : y + 1) * line);
        }
    }

    /**
     * Two rows at a time, a level of each in one 64-bit product, because multiplications are what takes the time. Weights are not
     * negative and sums stay below 2³¹, so nothing spills from the lower half into the upper.
     */
    private static void colourRows(byte[] from, int a, int b, ResampleTable table, int[] into, int toA, int toB) {
        final long[] weights = table.weights;
        final int[] first = table.first;
        final int[] counts = table.count;
        final int size = table.to;
        final int taps = table.taps;
        for (int x = 0; x < size; x++) {
            long red = BOTH_HALVES;
            long green = BOTH_HALVES;
            long blue = BOTH_HALVES;
            int atA = a + 3 * first[x];
            int atB = b + 3 * first[x];
            int w = x * taps;
            int count = counts[x];
            for (int k = 0; k < count; k++) {
                long weight = weights[w + k];
                red += (from[atA + 3 * k] & 0xffL | (from[atB + 3 * k] & 0xffL) << 32) * weight;
                green += (from[atA + 3 * k + 1] & 0xffL | (from[atB + 3 * k + 1] & 0xffL) << 32) * weight;
                blue += (from[atA + 3 * k + 2] & 0xffL | (from[atB + 3 * k + 2] & 0xffL) << 32) * weight;
            }
            put(into, toA + 3 * x, (int) red, (int) green, (int) blue);
            put(into, toB + 3 * x, (int) (red >> 32), (int) (green >> 32), (int) (blue >> 32));
        }
    }

    private static void put(int[] into, int at, int red, int green, int blue) {
        into[at] = red >> ResampleTable.BITS;
        into[at + 1] = green >> ResampleTable.BITS;
        into[at + 2] = blue >> ResampleTable.BITS;
    }

    /** Adds whole rows, which the compiler turns into vector instructions. */
    private byte[] columns(int line, int newHeight) {
        byte[] out = new byte[line * newHeight];
        if (sums.length < line) {
            sums = new int[line];
        }
        for (int y = 0; y < newHeight; y++) {
            Arrays.fill(sums, 0, line, HALF);
            for (int k = 0; k < down.count[y]; k++) {
                add(between, (down.first[y] + k) * line, (int) down.weights[y * down.taps + k], sums, line);
            }
            for (int i = 0; i < line; i++) {
                out[y * line + i] = (byte) (sums[i] >> ResampleTable.BITS);
            }
        }
        return out;
    }

    private static void add(int[] from, int start, int weight, int[] sums, int length) {
        for (int i = 0; i < length; i++) {
            sums[i] += from[start + i] * weight;
        }
    }
}
