// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.decode;

import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.image.Exif;
import dev.diffusion4j.image.Orientation;
import java.awt.image.BufferedImage;
import java.io.EOFException;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;

/**
 * Reads JPEG, PNG, WebP, GIF, BMP, TIFF and Netpbm's files, recognised by their first bytes; of several pictures in a file the first.
 * Pixels are those of Pillow's {@code convert("RGB")}, or grey where the file is: alpha is dropped, colour profiles are not applied,
 * CMYK is turned to RGB. A picture is turned upright by its EXIF orientation, as {@code ImageOps.exif_transpose} does it. One thing
 * differs: 16-bit grey keeps its upper 8 bits, where Pillow clips it to white.
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

    /** Whether a file that begins so is a picture that is read. */
    public static boolean isPicture(byte[] start) {
        try {
            PictureKind.of(start);
            return true;
        } catch (DecodeException e) {
            return false;
        }
    }

    /**
     * How the camera was held, by the notes in a picture's file: what {@link #decode} turns upright.
     *
     * @param file all bytes of a picture file; may be changed
     * @return upright, 1, where the file says nothing sound
     */
    public static Orientation orientation(byte[] file) {
        try {
            return new Orientation(
                    switch (PictureKind.of(file)) {
                        case JPEG -> new JpegHeader(file).exif.orientation();
                        case PNG -> PngNotes.orientation(file);
                        case WEBP -> new WebpFile(file).exif.orientation();
                        case TIFF -> {
                            Exif exif = new Exif();
                            exif.readTiff(file, 0, file.length);
                            yield exif.orientation();
                        }
                        case GIF, BMP, PNM -> 1;
                    });
        } catch (IOException | RuntimeException e) {
            return new Orientation(1); // damaged files bring all kinds
        }
    }

    private PixelImage read(byte[] file, boolean shared) throws IOException {
        return switch (PictureKind.of(file)) {
            case JPEG -> jpeg.read(file, shared);
            case PNG -> {
                PixelImage usual = png.read(file);
                PixelImage image = usual != null ? usual : Pixels.of(read(ofJdk("png"), file));
                yield UprightPixels.of(image, PngNotes.orientation(file));
            }
            case WEBP -> WebpReader.read(file);
            case GIF -> GifReader.read(file);
            case BMP -> Pixels.of(read(ofJdk("bmp"), file));
            case TIFF -> TiffReader.read(file);
            case PNM -> PnmReader.read(file);
        };
    }

    /** The first picture of a file, as {@code reader} gives it. */
    static BufferedImage read(ImageReader reader, byte[] file) throws IOException {
        try (ByteArrayImageStream stream = new ByteArrayImageStream(file)) {
            reader.setInput(stream, true, true);
            PixelLimits.check(reader.getWidth(0), reader.getHeight(0));
            return reader.read(0);
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

    private static String reason(Exception e) {
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName().toLowerCase(Locale.ROOT) : message.strip();
    }
}
