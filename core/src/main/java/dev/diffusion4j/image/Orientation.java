// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import java.awt.image.BufferedImage;

/**
 * How a picture is turned upright, by the EXIF number that says how the camera was held.
 *
 * @param number 1 … 8: 1 as it lies, 2 mirrored, 3 upside down, 4 both, 5 … 8 with rows and columns exchanged
 */
public record Orientation(int number) {
    /** Whether the upright picture is as wide as the one that lies in the file is high. */
    public boolean exchanged() {
        return number >= 5;
    }

    /**
     * @param x and y: a pixel's place in the upright picture
     * @param width of the picture as it lies in the file
     * @return the column of the file's picture that the pixel comes from
     */
    public int column(int x, int y, int width) {
        int column = exchanged() ? y : x;
        return number == 2 || number == 3 || number == 7 || number == 8 ? width - 1 - column : column;
    }

    /**
     * @param x and y: a pixel's place in the upright picture
     * @param height of the picture as it lies in the file
     * @return the row of the file's picture that the pixel comes from
     */
    public int row(int x, int y, int height) {
        int row = exchanged() ? x : y;
        return number == 3 || number == 4 || number == 6 || number == 7 ? height - 1 - row : row;
    }

    /** The picture itself where it is upright, else another one. */
    public BufferedImage upright(BufferedImage image) {
        if (number == 1) {
            return image;
        }
        int width = exchanged() ? image.getHeight() : image.getWidth();
        int height = exchanged() ? image.getWidth() : image.getHeight();
        boolean clear = image.getColorModel().hasAlpha();
        BufferedImage turned =
                new BufferedImage(width, height, clear ? BufferedImage.TYPE_INT_ARGB : BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                turned.setRGB(x, y, Levels.argb(image, column(x, y, image.getWidth()), row(x, y, image.getHeight())));
            }
        }
        return turned;
    }
}
