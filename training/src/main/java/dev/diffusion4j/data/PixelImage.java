// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Check;

/**
 * A decoded picture: 8-bit levels, row by row, channels together (H, W, C).
 *
 * @param channels 1 (grey) or 3 (red, green, blue)
 * @param pixels the first {@code width·height·channels} of them count, as unsigned numbers; not to be changed
 */
public record PixelImage(int width, int height, int channels, byte[] pixels) {
    public PixelImage {
        Check.positive(width, "width");
        Check.positive(height, "height");
        Check.that(channels == 1 || channels == 3, "channels must be 1 or 3, but was " + channels);
        Check.that(
                pixels.length >= (long) width * height * channels,
                "there are " + pixels.length + " bytes for " + width + "x" + height + "x" + channels);
    }

    /** The level at a place, 0 … 255. */
    public int level(int x, int y, int channel) {
        return pixels[(y * width + x) * channels + channel] & 0xff;
    }

    /** How many bytes of {@link #pixels} count. */
    public int length() {
        return width * height * channels;
    }

    /** The same picture in grey (luma by ITU-R 601, rounded as Pillow's {@code convert("L")}) or in RGB. */
    public PixelImage withChannels(int wanted) {
        if (wanted == channels) {
            return this;
        }
        byte[] converted = new byte[width * height * wanted];
        for (int i = 0; i < width * height; i++) {
            if (wanted == 1) {
                int red = pixels[3 * i] & 0xff;
                int green = pixels[3 * i + 1] & 0xff;
                int blue = pixels[3 * i + 2] & 0xff;
                converted[i] = (byte) (19595 * red + 38470 * green + 7471 * blue + (1 << 15) >> 16);
            } else {
                converted[3 * i] = pixels[i];
                converted[3 * i + 1] = pixels[i];
                converted[3 * i + 2] = pixels[i];
            }
        }
        return new PixelImage(width, height, wanted, converted);
    }

    /** In the middle of a larger black picture. */
    public PixelImage onBlack(int newWidth, int newHeight) {
        byte[] larger = new byte[newWidth * newHeight * channels];
        int left = (newWidth - width) / 2;
        int top = (newHeight - height) / 2;
        for (int y = 0; y < height; y++) {
            int to = ((top + y) * newWidth + left) * channels;
            System.arraycopy(pixels, y * width * channels, larger, to, width * channels);
        }
        return new PixelImage(newWidth, newHeight, channels, larger);
    }

    /** Each pixel as a square of {@code factor}². */
    public PixelImage enlarged(int factor) {
        byte[] larger = new byte[width * height * channels * factor * factor];
        int row = width * factor * channels;
        for (int y = 0; y < height * factor; y++) {
            for (int x = 0; x < width * factor; x++) {
                int from = (y / factor * width + x / factor) * channels;
                System.arraycopy(pixels, from, larger, y * row + x * channels, channels);
            }
        }
        return new PixelImage(width * factor, height * factor, channels, larger);
    }
}
