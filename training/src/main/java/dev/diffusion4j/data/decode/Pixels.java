// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import dev.diffusion4j.data.PixelImage;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;

/** Reads the stored levels of a {@link BufferedImage}, past its colour model, which would change them. */
final class Pixels {
    private Pixels() {}

    /** Grey for one or two bands, otherwise RGB; alpha is dropped, 16 bits are cut to the upper 8. */
    static PixelImage of(BufferedImage image) {
        Raster raster = image.getRaster();
        if (image.getColorModel() instanceof IndexColorModel palette) {
            return ofPalette(raster, palette);
        }
        int type = raster.getTransferType();
        if (image.getColorModel() instanceof ComponentColorModel
                && (type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT)) {
            return ofBands(raster, type == DataBuffer.TYPE_USHORT ? 8 : 0);
        }
        return ofPacked(image);
    }

    private static PixelImage ofBands(Raster raster, int shift) {
        int width = raster.getWidth();
        int height = raster.getHeight();
        int bands = raster.getNumBands();
        int channels = bands < 3 ? 1 : 3;
        byte[] pixels = new byte[width * height * channels];
        if (shift == 0
                && raster.getDataBuffer() instanceof DataBufferByte buffer
                && raster.getSampleModel() instanceof PixelInterleavedSampleModel layout
                && raster.getParent() == null) {
            copy(buffer, layout, width, height, channels, pixels);
            return new PixelImage(width, height, channels, pixels);
        }
        int[] row = new int[width * bands];
        for (int y = 0; y < height; y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < channels; c++) {
                    pixels[(y * width + x) * channels + c] = (byte) (row[x * bands + c] >> shift);
                }
            }
        }
        return new PixelImage(width, height, channels, pixels);
    }

    private static void copy(
            DataBufferByte buffer,
            PixelInterleavedSampleModel layout,
            int width,
            int height,
            int channels,
            byte[] pixels) {
        byte[] from = buffer.getData();
        int step = layout.getPixelStride();
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < height; y++) {
                int start = buffer.getOffset() + layout.getBandOffsets()[c] + y * layout.getScanlineStride();
                int to = y * width * channels + c;
                for (int x = 0; x < width; x++) {
                    pixels[to + x * channels] = from[start + x * step];
                }
            }
        }
    }

    private static PixelImage ofPalette(Raster raster, IndexColorModel palette) {
        int width = raster.getWidth();
        int height = raster.getHeight();
        byte[] pixels = new byte[width * height * 3];
        int[] colours = new int[palette.getMapSize()];
        palette.getRGBs(colours);
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            for (int x = 0; x < width; x++) {
                put(pixels, y * width + x, row[x] < colours.length ? colours[row[x]] : 0);
            }
        }
        return new PixelImage(width, height, 3, pixels);
    }

    private static PixelImage ofPacked(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        byte[] pixels = new byte[width * height * 3];
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            image.getRGB(0, y, width, 1, row, 0, width);
            for (int x = 0; x < width; x++) {
                put(pixels, y * width + x, row[x]);
            }
        }
        return new PixelImage(width, height, 3, pixels);
    }

    private static void put(byte[] pixels, int place, int rgb) {
        pixels[3 * place] = (byte) (rgb >> 16);
        pixels[3 * place + 1] = (byte) (rgb >> 8);
        pixels[3 * place + 2] = (byte) rgb;
    }
}
