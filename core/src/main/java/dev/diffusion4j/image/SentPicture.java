// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.InvalidArgument;
import dev.diffusion4j.base.Problem;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.jspecify.annotations.Nullable;

/** A picture that came with somebody's request, to be changed. Its size is looked at before its pixels are unpacked. */
public final class SentPicture {
    private static final Set<String> FORMS = Set.of("png", "jpeg", "gif", "bmp", "webp");
    private static final int OPAQUE = 128;

    private SentPicture() {}

    /**
     * Reads a file of PNG, JPEG, GIF or BMP, and of WebP where ImageIO has a reader for it, turned as the camera was held.
     *
     * @param name what the picture is called in messages
     * @param mostPixels that it may have
     * @throws IllegalArgumentException where it is no whole picture
     * @throws Problem (a wrong request) where it has more pixels
     */
    public static BufferedImage read(byte[] file, String name, long mostPixels) {
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            ImageReader reader = reader(in, name);
            try {
                reader.setInput(in, true, true);
                checkSize(reader.getWidth(0), reader.getHeight(0), name, mostPixels);
                return Exif.of(file).upright(reader.read(0));
            } finally {
                reader.dispose();
            }
        } catch (Problem | InvalidArgument e) {
            throw e;
        } catch (IOException | RuntimeException e) { // broken files throw all kinds
            throw broken(name, e);
        }
    }

    private static ImageReader reader(ImageInputStream in, String name) {
        Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (isKnown(reader)) {
                return reader;
            }
            reader.dispose();
        }
        throw broken(name, null);
    }

    private static boolean isKnown(ImageReader reader) {
        try {
            return FORMS.contains(reader.getFormatName().toLowerCase(Locale.ROOT));
        } catch (IOException e) {
            return false;
        }
    }

    private static void checkSize(int width, int height, String name, long mostPixels) {
        if ((long) width * height > mostPixels) {
            throw Problem.request(name + " is " + width + "x" + height
                    + ", but a picture that is sent must have at most " + mostPixels + " pixels");
        }
    }

    private static InvalidArgument broken(String name, @Nullable Throwable cause) {
        return new InvalidArgument(name + " must be a whole PNG or JPEG picture", cause);
    }

    /** Without transparency, in RGB; grey levels are the file's own. */
    public static BufferedImage colours(BufferedImage image) {
        BufferedImage rgb = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                rgb.setRGB(x, y, Levels.argb(image, x, y));
            }
        }
        return rgb;
    }

    /** Laid over white where it is transparent, in RGB; grey levels are the file's own. */
    public static BufferedImage overWhite(BufferedImage image) {
        BufferedImage rgb = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                rgb.setRGB(x, y, overWhite(Levels.argb(image, x, y)));
            }
        }
        return rgb;
    }

    private static int overWhite(int argb) {
        int alpha = argb >>> 24;
        int rgb = 0;
        for (int shift = 16; shift >= 0; shift -= 8) {
            rgb |= ((argb >> shift & 0xff) * alpha + 255 * (255 - alpha) + 127) / 255 << shift;
        }
        return rgb;
    }

    /**
     * The mask that A1111's webui is sent: where some of it is transparent, what is opaque is drawn anew; else what is white.
     *
     * @return white where a picture is drawn anew
     */
    public static BufferedImage strokes(BufferedImage mask) {
        BufferedImage opaque = new BufferedImage(mask.getWidth(), mask.getHeight(), BufferedImage.TYPE_INT_RGB);
        boolean isWhole = true;
        for (int y = 0; y < mask.getHeight(); y++) {
            for (int x = 0; x < mask.getWidth(); x++) {
                int alpha = mask.getRGB(x, y) >>> 24;
                isWhole &= alpha == 255;
                opaque.setRGB(x, y, alpha > OPAQUE ? 0xffffff : 0);
            }
        }
        return isWhole ? colours(mask) : opaque;
    }

    /** Black for white, in place. */
    public static void invert(BufferedImage rgb) {
        for (int y = 0; y < rgb.getHeight(); y++) {
            for (int x = 0; x < rgb.getWidth(); x++) {
                rgb.setRGB(x, y, ~rgb.getRGB(x, y));
            }
        }
    }

    /**
     * White where a picture is drawn anew and black where it is kept: what OpenAI's masks mean, in the words of ours. It is drawn anew where the mask,
     * or a picture without one, is transparent; a mask without transparency is white there itself.
     *
     * @param sent with the picture, or {@code null}
     * @return {@code null} where all of the picture is drawn anew
     * @throws IllegalArgumentException where the mask is of another size
     */
    public static @Nullable BufferedImage mask(BufferedImage picture, @Nullable BufferedImage sent) {
        if (sent == null) {
            return isOpen(picture) ? whiteWhereOpen(picture) : null;
        }
        Check.that(
                sent.getWidth() == picture.getWidth() && sent.getHeight() == picture.getHeight(),
                "{mask} must be as large as {picture}, " + picture.getWidth() + "x" + picture.getHeight() + ", but was "
                        + sent.getWidth() + "x" + sent.getHeight());
        return isOpen(sent) ? whiteWhereOpen(sent) : colours(sent);
    }

    /** Whether some of it is transparent. */
    private static boolean isOpen(BufferedImage image) {
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

    private static BufferedImage whiteWhereOpen(BufferedImage image) {
        BufferedImage mask = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                mask.setRGB(x, y, image.getRGB(x, y) >>> 24 < OPAQUE ? 0xffffff : 0);
            }
        }
        return mask;
    }
}
