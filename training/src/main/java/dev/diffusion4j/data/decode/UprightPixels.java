// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.image.Orientation;

/** Pictures as they were seen through the camera. */
final class UprightPixels {
    private UprightPixels() {}

    /** @param number of an {@link Orientation} */
    static PixelImage of(PixelImage image, int number) {
        if (number == 1) {
            return image;
        }
        Orientation orientation = new Orientation(number);
        int width = orientation.exchanged() ? image.height() : image.width();
        int height = orientation.exchanged() ? image.width() : image.height();
        int channels = image.channels();
        byte[] pixels = new byte[image.length()];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int column = orientation.column(x, y, image.width());
                int from = (orientation.row(x, y, image.height()) * image.width() + column) * channels;
                System.arraycopy(image.pixels(), from, pixels, (y * width + x) * channels, channels);
            }
        }
        return new PixelImage(width, height, channels, pixels);
    }
}
