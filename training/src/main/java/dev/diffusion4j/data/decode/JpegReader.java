// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import dev.diffusion4j.data.PixelImage;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;

/**
 * JPEG by the JDK's native decoder, equal to Pillow's. Given a destination whose bands lie in the order red, green, blue, it turns
 * the colours itself and copies whole rows into our array; its usual way, {@code ImageIO.read}, takes twice as long. Not thread-safe.
 */
final class JpegReader {
    private static final ColorModel RGB = new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false, ColorModel.OPAQUE, DataBuffer.TYPE_BYTE);

    /** Says that three components are luma and chroma; without it the JDK guesses, and not as libjpeg does. */
    private static final byte[] JFIF = {
        (byte) 0xff, (byte) 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0
    };

    private static final int KEEP = 1 << 25;

    private final ImageReader reader = ImageDecoder.ofJdk("jpeg");
    private byte[] buffer = {};
    private final List<String> warnings = new ArrayList<>();

    JpegReader() {
        reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
    }

    /** @param shared whether the pixels may be overwritten by the next call */
    PixelImage read(byte[] file, boolean shared) throws IOException {
        JpegHeader header = new JpegHeader(file);
        boolean silent = header.components == 3 && !header.jfif && header.adobeTransform < 0 && header.isYcc();
        warnings.clear();
        PixelImage image;
        try (ByteArrayImageStream stream = new ByteArrayImageStream(silent ? withJfif(file) : file)) {
            reader.setInput(stream, true, true);
            image = switch (header.components) {
                case 1 -> new PixelImage(header.width, header.height, 1, raster());
                case 3 -> colour(header, shared);
                case 4 ->
                    new PixelImage(header.width, header.height, 3, Cmyk.toRgb(raster(), header.adobeTransform == 2));
                default -> throw new DecodeException("a JPEG of " + header.components + " components is not supported");
            };
        } finally {
            reader.setInput(null);
        }
        checkWhole(file, header.dataStart);
        return UprightPixels.of(image, header.exif.orientation());
    }

    private PixelImage colour(JpegHeader header, boolean shared) throws IOException {
        int width = header.width;
        int height = header.height;
        byte[] pixels = buffer(Math.multiplyExact(width * 3, height), shared);
        WritableRaster raster = Raster.createInterleavedRaster(
                new DataBufferByte(pixels, pixels.length), width, height, width * 3, 3, new int[] {0, 1, 2}, null);
        ImageReadParam into = new ImageReadParam();
        into.setDestination(new BufferedImage(RGB, raster, false, null));
        reader.read(0, into);
        return new PixelImage(width, height, 3, pixels);
    }

    /** Fresh memory for each large picture would cost more than decoding it: none of it is in the processor's caches. */
    private byte[] buffer(int length, boolean shared) {
        if (!shared || length > KEEP) {
            return new byte[length];
        }
        if (buffer.length < length) {
            buffer = new byte[length + length / 4];
        }
        return buffer;
    }

    /** The planes as they are stored, pixel by pixel. */
    private byte[] raster() throws IOException {
        return ((DataBufferByte) reader.readRaster(0, null).getDataBuffer()).getData();
    }

    private static byte[] withJfif(byte[] file) {
        byte[] longer = new byte[file.length + JFIF.length];
        System.arraycopy(file, 0, longer, 0, 2);
        System.arraycopy(JFIF, 0, longer, 2, JFIF.length);
        System.arraycopy(file, 2, longer, 2 + JFIF.length, file.length - 2);
        return longer;
    }

    /** The decoder only warns of missing data, and leaves grey there. */
    private void checkWhole(byte[] file, int dataStart) throws DecodeException {
        if (warnings.isEmpty()) {
            return;
        }
        int end = file.length - 2;
        while (end >= dataStart && !(file[end] == (byte) 0xff && file[end + 1] == (byte) 0xd9)) {
            end--;
        }
        if (end < dataStart) {
            throw new DecodeException("the file is cut short: it has no end mark");
        }
        for (String warning : warnings) {
            if (warning.contains("Corrupt") && !warning.contains("extraneous")) {
                throw new DecodeException("the file is damaged: " + warning);
            }
        }
    }
}
