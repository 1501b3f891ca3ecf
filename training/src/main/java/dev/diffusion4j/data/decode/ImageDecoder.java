// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import com.twelvemonkeys.imageio.plugins.webp.WebPImageReaderSpi;
import dev.diffusion4j.data.PixelImage;
import java.awt.image.BufferedImage;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/**
 * Reads JPEG, PNG, WebP, GIF (its first picture) and BMP, told apart by their first bytes. Pixels are those of Pillow's
 * {@code convert("RGB")}, or grey where the file is: alpha is dropped, colour profiles are not applied, CMYK is turned to RGB.
 * Two things differ from it: 16-bit grey keeps its upper 8 bits (Pillow clips it to white), and a JPEG is turned upright by its
 * EXIF orientation.
 */
public final class ImageDecoder {
    private static final ThreadLocal<ImageDecoder> OF_THREAD = ThreadLocal.withInitial(ImageDecoder::new);

    private final JpegReader jpeg = new JpegReader();
    private final PngReader png = new PngReader();

    private ImageDecoder() {}

    /**
     * Thread-safe.
     *
     * @param file all bytes of a picture file; may be changed
     * @throws DecodeException saying what is wrong with it, without its name
     */
    public static PixelImage decode(byte[] file) throws DecodeException {
        return decode(file, false);
    }

    /** As {@link #decode(byte[])}, but the result lives only until this thread's next call: its memory is used again. */
    public static PixelImage decodeShared(byte[] file) throws DecodeException {
        return decode(file, true);
    }

    private static PixelImage decode(byte[] file, boolean shared) throws DecodeException {
        try {
            return OF_THREAD.get().read(file, shared);
        } catch (DecodeException e) {
            throw e;
        } catch (EOFException e) {
            throw new DecodeException("the file is cut short", e);
        } catch (IOException | RuntimeException e) {
            // the readers throw all kinds of exceptions at damaged files
            throw new DecodeException("the file is damaged: " + reason(e), e);
        }
    }

    private PixelImage read(byte[] file, boolean shared) throws IOException {
        String kind = kind(file);
        return switch (kind) {
            case "jpeg" -> jpeg.read(file, shared);
            case "png" -> {
                PixelImage usual = png.read(file);
                yield usual != null ? usual : read(ofJdk(kind), file);
            }
            case "webp" -> read(new WebPImageReaderSpi().createReaderInstance(null), file);
            default -> read(ofJdk(kind), file);
        };
    }

    private static PixelImage read(ImageReader reader, byte[] file) throws IOException {
        try (ByteArrayImageStream stream = new ByteArrayImageStream(file)) {
            reader.setInput(stream, true, true);
            PixelLimits.check(reader.getWidth(0), reader.getHeight(0));
            BufferedImage image = reader.read(0);
            return Pixels.of(image);
        } finally {
            reader.dispose();
        }
    }

    /** The JDK's own reader, though another one may be on the class path. */
    static ImageReader ofJdk(String format) {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (reader.getClass().getName().startsWith("com.sun.imageio.")) {
                return reader;
            }
        }
        throw new IllegalStateException("this Java has no reader for " + format + " (module java.desktop)");
    }

    private static String kind(byte[] file) throws DecodeException {
        if (file.length == 0) {
            throw new DecodeException("the file is empty");
        }
        String start = new String(file, 0, Math.min(12, file.length), StandardCharsets.ISO_8859_1);
        if (start.startsWith("\u00ff\u00d8")) {
            return "jpeg";
        }
        if (start.startsWith("\u0089PNG")) {
            return "png";
        }
        if (start.startsWith("GIF8")) {
            return "gif";
        }
        if (start.startsWith("BM")) {
            return "bmp";
        }
        if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) {
            return "webp";
        }
        throw new DecodeException("it is no JPEG, PNG, WebP, GIF or BMP file");
    }

    private static String reason(Exception e) {
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName().toLowerCase(Locale.ROOT) : message.strip();
    }
}
