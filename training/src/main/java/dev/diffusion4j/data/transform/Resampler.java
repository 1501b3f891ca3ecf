// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.transform;

import dev.diffusion4j.data.PixelImage;
import java.util.Arrays;

/**
 * Bilinear resizing with antialiasing, equal to that of Pillow 13 (and so to torchvision's {@code Resize} on pictures): first along
 * the rows, rounded to 8 bits, then along the columns; the other way round where the height shrinks much more than the width. Pillow
 * up to version 12 always took the rows first. Keeps its tables and buffers from one picture to the next; not thread-safe.
 */
public final class Resampler {
    private static final int HALF = 1 << (ResampleTable.BITS - 1);
    private static final long BOTH_HALVES = (long) HALF << 32 | HALF;
    private static final int KEEP = 1 << 22;

    private ResampleTable across = new ResampleTable(1, 1);
    private ResampleTable down = across;
    private int[] between = {};
    private int[] sums = {};

    /** The part of {@code image} that begins at {@code (left, top)}, {@code width}×{@code height}, at another size. */
    public PixelImage resize(PixelImage image, int left, int top, int width, int height, int newWidth, int newHeight) {
        if (width == newWidth && height == newHeight && width == image.width() && height == image.height()) {
            return image;
        }
        if (across.from != width || across.to != newWidth) {
            across = new ResampleTable(width, newWidth);
        }
        if (down.from != height || down.to != newHeight) {
            down = new ResampleTable(height, newHeight);
        }
        int start = (top * image.width() + left) * image.channels();
        byte[] pixels = newHeight < height && height - newHeight > 2 * (width - newWidth)
                ? columnsFirst(image, start)
                : rowsFirst(image, start);
        return new PixelImage(newWidth, newHeight, image.channels(), pixels);
    }

    private byte[] rowsFirst(PixelImage image, int start) {
        int channels = image.channels();
        rows(image.pixels(), start, image.width() * channels, down.from, channels);
        int line = across.to * channels;
        byte[] out = new byte[line * down.to];
        for (int y = 0; y < down.to; y++) {
            clear(line);
            for (int k = 0; k < down.count[y]; k++) {
                add(between, (down.first[y] + k) * line, (int) down.weights[y * down.taps + k], sums, line);
            }
            putSums(out, y * line, line);
        }
        return out;
    }

    private byte[] columnsFirst(PixelImage image, int start) {
        int channels = image.channels();
        int stride = image.width() * channels;
        int line = across.from * channels;
        byte[] lower = new byte[line * down.to];
        for (int y = 0; y < down.to; y++) {
            clear(line);
            for (int k = 0; k < down.count[y]; k++) {
                int row = start + (down.first[y] + k) * stride;
                addLevels(image.pixels(), row, (int) down.weights[y * down.taps + k], sums, line);
            }
            putSums(lower, y * line, line);
        }
        if (across.from == across.to) {
            return lower;
        }
        rows(lower, 0, line, down.to, channels);
        byte[] out = new byte[across.to * channels * down.to];
        for (int i = 0; i < out.length; i++) {
            out[i] = (byte) between[i];
        }
        return out;
    }

    /** Resizes {@code height} rows into {@link #between}. */
    private void rows(byte[] from, int start, int stride, int height, int channels) {
        int line = across.to * channels;
        int needed = Math.multiplyExact(line, height);
        if (between.length < needed || between.length > KEEP && needed < KEEP) {
            between = new int[needed];
        }
        if (across.from == across.to) {
            for (int y = 0; y < height; y++) {
                copy(from, start + y * stride, y * line, line);
            }
        } else if (channels == 1) {
            for (int y = 0; y < height; y++) {
                greyRow(from, start + y * stride, across, between, y * line);
            }
        } else {
            colourRows(from, start, stride, height, line);
        }
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

    private void clear(int line) {
        if (sums.length < line) {
            sums = new int[line];
        }
        Arrays.fill(sums, 0, line, HALF);
    }

    private void putSums(byte[] out, int at, int line) {
        for (int i = 0; i < line; i++) {
            out[at + i] = (byte) (sums[i] >> ResampleTable.BITS);
        }
    }

    /** Adds a whole row, which the compiler turns into vector instructions. */
    private static void add(int[] from, int start, int weight, int[] sums, int length) {
        for (int i = 0; i < length; i++) {
            sums[i] += from[start + i] * weight;
        }
    }

    private static void addLevels(byte[] from, int start, int weight, int[] sums, int length) {
        for (int i = 0; i < length; i++) {
            sums[i] += (from[start + i] & 0xff) * weight;
        }
    }
}
