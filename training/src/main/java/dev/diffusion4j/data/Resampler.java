// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import java.util.Arrays;

/**
 * Bilinear resizing with antialiasing, equal to Pillow's (and so to torchvision's {@code Resize} on pictures): first along the rows,
 * rounded to 8 bits, then along the columns. Keeps its tables and buffers from one picture to the next; not thread-safe.
 */
final class Resampler {
    private static final int HALF = 1 << (ResampleTable.BITS - 1);
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
        for (int y = 0; y < height; y++) {
            int start = ((top + y) * image.width() + left) * channels;
            if (width == newWidth) {
                copy(image.pixels(), start, y * line, line);
            } else if (channels == 1) {
                greyRow(image.pixels(), start, y * line);
            } else {
                colourRow(image.pixels(), start, y * line);
            }
        }
        return new PixelImage(newWidth, newHeight, channels, columns(line, newHeight));
    }

    private void copy(byte[] from, int start, int to, int length) {
        for (int i = 0; i < length; i++) {
            between[to + i] = from[start + i] & 0xff;
        }
    }

    private void greyRow(byte[] from, int start, int to) {
        final int[] weights = across.weights;
        for (int x = 0; x < across.to; x++) {
            int sum = HALF;
            int at = start + across.first[x];
            int w = x * across.taps;
            for (int k = 0; k < across.count[x]; k++) {
                sum += (from[at + k] & 0xff) * weights[w + k];
            }
            between[to + x] = sum >> ResampleTable.BITS;
        }
    }

    private void colourRow(byte[] from, int start, int to) {
        final int[] weights = across.weights;
        for (int x = 0; x < across.to; x++) {
            int red = HALF;
            int green = HALF;
            int blue = HALF;
            int at = start + 3 * across.first[x];
            int w = x * across.taps;
            int count = across.count[x];
            for (int k = 0; k < count; k++) {
                int weight = weights[w + k];
                red += (from[at + 3 * k] & 0xff) * weight;
                green += (from[at + 3 * k + 1] & 0xff) * weight;
                blue += (from[at + 3 * k + 2] & 0xff) * weight;
            }
            between[to + 3 * x] = red >> ResampleTable.BITS;
            between[to + 3 * x + 1] = green >> ResampleTable.BITS;
            between[to + 3 * x + 2] = blue >> ResampleTable.BITS;
        }
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
                add(between, (down.first[y] + k) * line, down.weights[y * down.taps + k], sums, line);
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
