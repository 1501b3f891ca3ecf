// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Check;

/**
 * A decoded picture: 8-bit levels, row by row, channels together (H, W, C).
 *
 * @param channels 1 (grey) or 3 (red, green, blue)
 * @param pixels {@code width·height·channels} unsigned bytes; not to be changed
 */
public record PixelImage(int width, int height, int channels, byte[] pixels) {
    public PixelImage {
        Check.positive(width, "width");
        Check.positive(height, "height");
        Check.that(channels == 1 || channels == 3, "channels must be 1 or 3, but was " + channels);
        Check.that(pixels.length == width * height * channels, "there are " + pixels.length + " bytes for "
                + width + "x" + height + "x" + channels);
    }

    /** The level at a place, 0 … 255. */
    public int level(int x, int y, int channel) {
        return pixels[(y * width + x) * channels + channel] & 0xff;
    }
}
