// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import dev.diffusion4j.data.PixelImage;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.EOFException;
import java.io.IOException;

/**
 * The first picture of a GIF on its canvas (GIF89a specification), as Pillow gives it: where the picture does not reach, the canvas
 * has the transparent colour, or the first one of the palette where there is none. The compressed picture itself is the JDK's.
 */
final class GifReader {
    private static final int HEADER = 13;
    private static final int EXTENSION = 0x21;
    private static final int PICTURE = 0x2c;
    private static final int CONTROL = 0xf9;

    private final byte[] file;
    private int transparent;
    private int left;
    private int top;

    private GifReader(byte[] file) {
        this.file = file;
    }

    static PixelImage read(byte[] file) throws IOException {
        return new GifReader(file).onCanvas();
    }

    private PixelImage onCanvas() throws IOException {
        if (file.length < HEADER) {
            throw new EOFException();
        }
        findPicture();
        BufferedImage picture = ImageDecoder.read(ImageDecoder.ofJdk("gif"), file);
        int width = Math.max(u16(6), left + picture.getWidth());
        int height = Math.max(u16(8), top + picture.getHeight());
        PixelImage pixels = Pixels.of(picture);
        if (width == pixels.width() && height == pixels.height()) {
            return pixels;
        }
        PixelLimits.check(width, height);
        int channels = pixels.channels();
        byte[] canvas = new byte[width * height * channels];
        if (picture.getColorModel() instanceof IndexColorModel palette) {
            int index = Math.min(transparent, palette.getMapSize() - 1);
            int[] colour = {palette.getRed(index), palette.getGreen(index), palette.getBlue(index)};
            for (int i = 0; i < canvas.length; i++) {
                canvas[i] = (byte) colour[i % channels];
            }
        }
        for (int y = 0; y < pixels.height(); y++) {
            int row = pixels.width() * channels;
            System.arraycopy(pixels.pixels(), y * row, canvas, ((top + y) * width + left) * channels, row);
        }
        return new PixelImage(width, height, channels, canvas);
    }

    /** Goes over the extensions before the first picture. */
    private void findPicture() throws EOFException {
        int flags = u8(10);
        int at = HEADER + ((flags & 0x80) != 0 ? 3 << (flags & 7) + 1 : 0);
        while (u8(at) != PICTURE) {
            if (u8(at) == EXTENSION) {
                boolean isTransparent = u8(at + 1) == CONTROL && u8(at + 2) >= 4 && (u8(at + 3) & 1) != 0;
                if (isTransparent) {
                    transparent = u8(at + 6);
                }
                at += 2;
                while (u8(at) != 0) {
                    at += 1 + u8(at);
                }
            }
            at++;
        }
        left = u16(at + 1);
        top = u16(at + 3);
    }

    private int u8(int at) throws EOFException {
        if (at >= file.length) {
            throw new EOFException();
        }
        return file[at] & 0xff;
    }

    private int u16(int at) throws EOFException {
        return u8(at) | u8(at + 1) << 8;
    }
}
