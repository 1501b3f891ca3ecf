// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;

/** A picture as numbers: red, green and blue of each pixel, 0 to 255, row by row; opacity is not looked at. */
final class Levels {
    static final int CHANNELS = 3;

    private Levels() {}

    static int[] of(BufferedImage image) {
        int width = image.getWidth();
        int[] levels = new int[CHANNELS * width * image.getHeight()];
        for (int i = 0; i < width * image.getHeight(); i++) {
            int rgb = argb(image, i % width, i / width);
            for (int c = 0; c < CHANNELS; c++) {
                levels[CHANNELS * i + c] = rgb >> (16 - 8 * c) & 0xff;
            }
        }
        return levels;
    }

    /**
     * A pixel as 0xAARRGGBB. Grey levels are the file's own: {@link BufferedImage#getRGB} would brighten them, as the JDK takes grey for linear
     * light.
     */
    static int argb(BufferedImage image, int x, int y) {
        if (!isGrey(image)) {
            return image.getRGB(x, y);
        }
        ColorModel model = image.getColorModel();
        int white = (1 << model.getComponentSize(0)) - 1;
        int level = Math.round(image.getRaster().getSample(x, y, 0) * 255f / white);
        return (model.hasAlpha() ? image.getRGB(x, y) & 0xff000000 : 0xff000000) | 0x010101 * level;
    }

    static boolean isGrey(BufferedImage image) {
        return image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    }

    /** Brightness by ITU-R BT.601, one a pixel, rounded in whole numbers of 16 bits as Pillow does. */
    static int[] grey(BufferedImage image) {
        int[] levels = of(image);
        int[] grey = new int[levels.length / CHANNELS];
        for (int i = 0; i < grey.length; i++) {
            int at = CHANNELS * i;
            grey[i] = (19595 * levels[at] + 38470 * levels[at + 1] + 7471 * levels[at + 2] + 0x8000) >> 16;
        }
        return grey;
    }

    static BufferedImage image(int[] levels, int width, int height) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < width * height; i++) {
            int at = CHANNELS * i;
            image.setRGB(i % width, i / width, levels[at] << 16 | levels[at + 1] << 8 | levels[at + 2]);
        }
        return image;
    }
}
