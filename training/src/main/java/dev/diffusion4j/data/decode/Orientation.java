// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import dev.diffusion4j.data.PixelImage;

/** Turns a picture upright by the EXIF number that says how the camera was held. */
final class Orientation {
    private Orientation() {}

    /** @param orientation 1 … 8: 2 mirrored, 3 upside down, 4 both, 5 … 8 with rows and columns exchanged */
    static PixelImage upright(PixelImage image, int orientation) {
        if (orientation == 1) {
            return image;
        }
        boolean exchanged = orientation >= 5;
        boolean fromRight = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        boolean fromBottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        int width = exchanged ? image.height() : image.width();
        int height = exchanged ? image.width() : image.height();
        int channels = image.channels();
        byte[] pixels = new byte[image.length()];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int column = exchanged ? y : x;
                int row = exchanged ? x : y;
                int fromX = fromRight ? image.width() - 1 - column : column;
                int fromY = fromBottom ? image.height() - 1 - row : row;
                int from = (fromY * image.width() + fromX) * channels;
                System.arraycopy(image.pixels(), from, pixels, (y * width + x) * channels, channels);
            }
        }
        return new PixelImage(width, height, channels, pixels);
    }
}
