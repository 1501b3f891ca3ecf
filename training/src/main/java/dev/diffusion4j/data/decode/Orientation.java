// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import dev.diffusion4j.data.PixelImage;

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

    static PixelImage upright(PixelImage image, int number) {
        return number == 1 ? image : new Orientation(number).upright(image);
    }

    private PixelImage upright(PixelImage image) {
        int width = exchanged() ? image.height() : image.width();
        int height = exchanged() ? image.width() : image.height();
        int channels = image.channels();
        byte[] pixels = new byte[image.length()];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int from = (row(x, y, image.height()) * image.width() + column(x, y, image.width())) * channels;
                System.arraycopy(image.pixels(), from, pixels, (y * width + x) * channels, channels);
            }
        }
        return new PixelImage(width, height, channels, pixels);
    }
}
