// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import dev.diffusion4j.base.Check;
import java.awt.image.BufferedImage;

/** Brings a picture to a size without changing its form, as diffusers' picture processor does, to the level. */
public final class PictureFit {
    private PictureFit() {}

    /**
     * The whole picture in the middle, resized by {@link Lanczos}; what is left beside it continues its outer rows or columns.
     *
     * @throws IllegalArgumentException where nothing would be left of one side
     */
    public static BufferedImage fill(BufferedImage image, int width, int height) {
        double form = (double) width / height;
        double own = (double) image.getWidth() / image.getHeight();
        int innerWidth = form < own ? width : scaled(image.getWidth(), height, image.getHeight());
        int innerHeight = form >= own ? height : scaled(image.getHeight(), width, image.getWidth());
        BufferedImage inner = resized(image, innerWidth, innerHeight);
        BufferedImage result = pasted(inner, width, height);
        if (form < own) {
            continueRows(inner, result, height / 2 - innerHeight / 2);
        } else if (form > own) {
            continueColumns(inner, result, width / 2 - innerWidth / 2);
        }
        return result;
    }

    /** The middle of the picture, as much of it as has the new form. */
    public static BufferedImage cover(BufferedImage image, int width, int height) {
        double form = (double) width / height;
        double own = (double) image.getWidth() / image.getHeight();
        int outerWidth = form > own ? width : scaled(image.getWidth(), height, image.getHeight());
        int outerHeight = form <= own ? height : scaled(image.getHeight(), width, image.getWidth());
        return pasted(resized(image, outerWidth, outerHeight), width, height);
    }

    private static int scaled(int length, int to, int from) {
        return (int) ((long) length * to / from);
    }

    private static BufferedImage resized(BufferedImage image, int width, int height) {
        Check.that(
                width > 0 && height > 0,
                "a picture of " + image.getWidth() + "x" + image.getHeight()
                        + " is too narrow to be resized in its form");
        return Lanczos.resize(image, width, height);
    }

    /** In the middle of a black one. */
    private static BufferedImage pasted(BufferedImage image, int width, int height) {
        int left = width / 2 - image.getWidth() / 2;
        int top = height / 2 - image.getHeight() / 2;
        int[] from = Levels.of(image);
        int[] levels = new int[Levels.CHANNELS * width * height];
        for (int y = Math.max(0, top); y < Math.min(height, top + image.getHeight()); y++) {
            for (int x = Math.max(0, left); x < Math.min(width, left + image.getWidth()); x++) {
                int source = Levels.CHANNELS * ((y - top) * image.getWidth() + x - left);
                System.arraycopy(from, source, levels, Levels.CHANNELS * (y * width + x), Levels.CHANNELS);
            }
        }
        return Levels.image(levels, width, height);
    }

    private static void continueRows(BufferedImage inner, BufferedImage result, int space) {
        int last = inner.getHeight() - 1;
        for (int x = 0; x < inner.getWidth(); x++) {
            int above = beyond(inner.getRGB(x, 0), inner.getRGB(x, Math.min(1, last)));
            int below = beyond(inner.getRGB(x, last), inner.getRGB(x, Math.max(0, last - 1)));
            for (int k = 0; k < space; k++) {
                result.setRGB(x, k, above);
                if (space + last + 1 + k < result.getHeight()) {
                    result.setRGB(x, space + last + 1 + k, below);
                }
            }
        }
    }

    private static void continueColumns(BufferedImage inner, BufferedImage result, int space) {
        int last = inner.getWidth() - 1;
        for (int y = 0; y < inner.getHeight(); y++) {
            int before = beyond(inner.getRGB(0, y), inner.getRGB(Math.min(1, last), y));
            int behind = beyond(inner.getRGB(last, y), inner.getRGB(Math.max(0, last - 1), y));
            for (int k = 0; k < space; k++) {
                result.setRGB(k, y, before);
                if (space + last + 1 + k < result.getWidth()) {
                    result.setRGB(space + last + 1 + k, y, behind);
                }
            }
        }
    }

    /** What Pillow's bicubic filter makes of an edge that is stretched without end: 9/8 of the outermost pixel less 1/8 of the next. */
    private static int beyond(int outermost, int next) {
        int rgb = 0;
        for (int shift = 16; shift >= 0; shift -= 8) {
            int level = 9 * (outermost >> shift & 0xff) - (next >> shift & 0xff) + 4 >> 3;
            rgb |= Math.max(0, Math.min(255, level)) << shift;
        }
        return rgb;
    }
}
