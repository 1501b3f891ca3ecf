// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import java.awt.image.BufferedImage;

/**
 * Puts what was drawn of a region back into the picture that it was cut out of: what diffusers' {@code apply_overlay} gives, to the level.
 * Grey in the mask mixes both.
 */
public final class MaskedOverlay {
    private static final int BITS = 7;
    private static final int OPAQUE = 255;

    private MaskedOverlay() {}

    /**
     * @param original the whole picture
     * @param mask of its size; white where the drawn one counts, black where the original one does
     * @param drawn in any size
     * @param region where it belongs
     * @return RGB of the original's size
     */
    public static BufferedImage of(BufferedImage original, BufferedImage mask, BufferedImage drawn, CropRegion region) {
        int[] kept = Levels.of(original);
        int[] grey = Levels.grey(mask);
        int[] anew = Levels.of(PictureFit.cover(drawn, region.width(), region.height()));
        int width = original.getWidth();
        int[] levels = new int[kept.length];
        for (int i = 0; i < grey.length; i++) {
            int x = i % width - region.left();
            int y = i / width - region.top();
            boolean inside = x >= 0 && x < region.width() && y >= 0 && y < region.height();
            for (int c = 0; c < Levels.CHANNELS; c++) {
                int under = inside ? anew[Levels.CHANNELS * (y * region.width() + x) + c] : 0;
                int at = Levels.CHANNELS * i + c;
                levels[at] = blend(kept[at], under, OPAQUE - grey[i]);
            }
        }
        return Levels.image(levels, width, original.getHeight());
    }

    /** Pillow's way: multiplied by the opacity, divided by it again, laid over; each step is rounded to 8 bits. */
    private static int blend(int over, int under, int opacity) {
        if (opacity == 0) {
            return under;
        }
        int plain = opacity == OPAQUE ? over : Math.min(OPAQUE, OPAQUE * by255(over * opacity + 128) / opacity);
        int whole = opacity * OPAQUE + OPAQUE * (OPAQUE - opacity);
        int weight = opacity * OPAQUE * OPAQUE * (1 << BITS) / whole;
        int sum = plain * weight + under * (OPAQUE * (1 << BITS) - weight);
        return by255(sum + (128 << BITS)) >> BITS;
    }

    private static int by255(int value) {
        return (value >> 8) + value >> 8;
    }
}
