// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** A picture that came with a request. Its size is looked at before its pixels are unpacked. */
final class SentPicture {
    private static final Set<String> FORMS = Set.of("png", "jpeg", "gif", "bmp", "webp");
    private static final int OPAQUE = 128;

    private SentPicture() {}

    /**
     * @param field for messages
     * @throws Refusal (400) where it is no picture, (422) where it has too many pixels
     */
    static BufferedImage read(byte[] file, String field, Limits limits) {
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            ImageReader reader = reader(in, field);
            try {
                reader.setInput(in, true, true);
                if (limits.isTooLarge(reader.getWidth(0), reader.getHeight(0))) {
                    throw Refusal.limit(
                            field,
                            "\"" + field + "\" is " + reader.getWidth(0) + "x" + reader.getHeight(0)
                                    + ", but a picture that is sent must have at most " + limits.sentPixels()
                                    + " pixels");
                }
                return reader.read(0);
            } finally {
                reader.dispose();
            }
        } catch (Refusal e) {
            throw e;
        } catch (IOException | RuntimeException e) { // broken files throw all kinds
            throw broken(field);
        }
    }

    private static ImageReader reader(ImageInputStream in, String field) throws IOException {
        Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (FORMS.contains(reader.getFormatName().toLowerCase(java.util.Locale.ROOT))) {
                return reader;
            }
            reader.dispose();
        }
        throw broken(field);
    }

    private static Refusal broken(String field) {
        return Refusal.value(field, "\"" + field + "\" must be a whole PNG or JPEG picture");
    }

    /** Without transparency, in RGB. */
    static BufferedImage colours(BufferedImage image) {
        BufferedImage rgb = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                rgb.setRGB(x, y, image.getRGB(x, y));
            }
        }
        return rgb;
    }

    /** Black for white, in place. */
    static void invert(BufferedImage rgb) {
        for (int y = 0; y < rgb.getHeight(); y++) {
            for (int x = 0; x < rgb.getWidth(); x++) {
                rgb.setRGB(x, y, ~rgb.getRGB(x, y));
            }
        }
    }

    /** Whether some of it is transparent. */
    static boolean isOpen(BufferedImage image) {
        if (!image.getColorModel().hasAlpha()) {
            return false;
        }
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                if (image.getRGB(x, y) >>> 24 < OPAQUE) {
                    return true;
                }
            }
        }
        return false;
    }

    /** White where {@code image} is transparent, else black: what OpenAI's masks mean, in the words of ours. */
    static BufferedImage whiteWhereOpen(BufferedImage image) {
        BufferedImage mask = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                mask.setRGB(x, y, image.getRGB(x, y) >>> 24 < OPAQUE ? 0xffffff : 0);
            }
        }
        return mask;
    }
}
