// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.image.Exif;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;

/** TIFF by the JDK's reader, with the colours of Pillow. */
final class TiffReader {
    private TiffReader() {}

    static PixelImage read(byte[] file) throws IOException {
        TiffHeader header = new TiffHeader(file);
        BufferedImage image = ImageDecoder.read(ImageDecoder.ofJdk("tiff"), file);
        Exif exif = new Exif();
        exif.readTiff(file, 0, file.length);
        return UprightPixels.of(pixels(header, image), exif.orientation());
    }

    private static PixelImage pixels(TiffHeader header, BufferedImage image) {
        Raster raster = image.getRaster();
        boolean isByte = raster.getTransferType() == DataBuffer.TYPE_BYTE;
        byte[] palette = header.palette();
        if (palette.length > 0 && raster.getNumBands() == 1) {
            return ofPalette(raster, palette);
        }
        if (header.isCmyk() && raster.getNumBands() >= 4 && isByte) {
            return ofInk(raster);
        }
        if (image.isAlphaPremultiplied() && raster.getNumBands() == 4 && isByte) {
            return unmultiplied(raster);
        }
        if (image.getColorModel() instanceof IndexColorModel greys && isGrey(greys)) {
            return Pixels.of(image).withChannels(1);
        }
        return Pixels.of(image);
    }

    /** One-bit pictures, and grey of fewer than 8 bits, come with a palette of greys. */
    private static boolean isGrey(IndexColorModel palette) {
        for (int i = 0; i < palette.getMapSize(); i++) {
            if (palette.getRed(i) != palette.getGreen(i) || palette.getRed(i) != palette.getBlue(i)) {
                return false;
            }
        }
        return true;
    }

    private static PixelImage ofPalette(Raster raster, byte[] palette) {
        int[] indices = raster.getPixels(0, 0, raster.getWidth(), raster.getHeight(), (int[]) null);
        byte[] pixels = new byte[3 * indices.length];
        for (int i = 0; i < pixels.length; i++) {
            int at = 3 * indices[i / 3] + i % 3;
            pixels[i] = at < palette.length ? palette[at] : 0;
        }
        return new PixelImage(raster.getWidth(), raster.getHeight(), 3, pixels);
    }

    private static PixelImage ofInk(Raster raster) {
        int bands = raster.getNumBands();
        int[] ink = raster.getPixels(0, 0, raster.getWidth(), raster.getHeight(), (int[]) null);
        byte[] stored = new byte[raster.getWidth() * raster.getHeight() * 4];
        for (int i = 0; i < stored.length; i++) {
            stored[i] = (byte) (255 - ink[i / 4 * bands + i % 4]);
        }
        return new PixelImage(raster.getWidth(), raster.getHeight(), 3, Cmyk.toRgb(stored, false));
    }

    private static PixelImage unmultiplied(Raster raster) {
        int[] levels = raster.getPixels(0, 0, raster.getWidth(), raster.getHeight(), (int[]) null);
        byte[] pixels = new byte[levels.length / 4 * 3];
        for (int i = 0; i < pixels.length; i++) {
            int alpha = levels[i / 3 * 4 + 3];
            pixels[i] = (byte) (alpha == 0 ? 0 : Math.min(255, 255 * levels[i / 3 * 4 + i % 3] / alpha));
        }
        return new PixelImage(raster.getWidth(), raster.getHeight(), 3, pixels);
    }
}
