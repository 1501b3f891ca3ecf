// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.base;

import dev.diffusion4j.data.decode.ImageDecoder;
import dev.diffusion4j.image.SentPicture;
import dev.diffusion4j.serve.Refusal;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageInputStream;
import org.jspecify.annotations.Nullable;

/** Small pictures of large ones, upright as trainings see them; the last of them are remembered. Thread-safe. */
final class Thumbnails {
    private static final long MOST_PIXELS = 200_000_000;
    private static final long MOST_BYTES = 48L << 20;
    private static final float QUALITY = 0.85f;

    private final Map<String, byte[]> known = new LinkedHashMap<>(64, 0.75f, true);
    private long bytes;

    /**
     * A JPEG that fits into a square, or nothing where the picture itself does.
     *
     * @param side of the square
     * @param state of the file, so that a changed one is another
     * @throws Refusal (422) where the picture is broken or too large
     */
    byte @Nullable [] of(Path file, String state, int side) {
        String key = side + " " + state + " " + file;
        synchronized (known) {
            byte[] found = known.get(key);
            if (found != null) {
                return found.length == 0 ? null : found;
            }
        }
        byte[] made = made(file, side);
        synchronized (known) {
            byte[] before = known.put(key, made);
            bytes += made.length - (before == null ? 0 : before.length);
            Iterator<byte[]> oldest = known.values().iterator();
            while (bytes > MOST_BYTES && oldest.hasNext()) {
                bytes -= oldest.next().length;
                oldest.remove();
            }
        }
        return made.length == 0 ? null : made;
    }

    /** Empty where the picture is small enough. */
    private static byte[] made(Path file, int side) {
        try {
            byte[] bytes = Files.readAllBytes(file);
            BufferedImage small = small(bytes, side);
            return small == null
                    ? new byte[0]
                    : jpeg(ImageDecoder.orientation(bytes).upright(small));
        } catch (IOException | IndexOutOfBoundsException | IllegalArgumentException e) {
            throw broken();
        }
    }

    /** As it lies in the file; {@code null} where it is small enough. */
    private static @Nullable BufferedImage small(byte[] bytes, int side) throws IOException {
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(bytes))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw broken();
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true);
                int width = reader.getWidth(0);
                int height = reader.getHeight(0);
                if ((long) width * height > MOST_PIXELS) {
                    throw broken();
                }
                int longest = Math.max(width, height);
                if (longest <= side) {
                    return null;
                }
                ImageReadParam reading = reader.getDefaultReadParam();
                int step = Math.max(1, longest / (2 * side));
                reading.setSourceSubsampling(step, step, 0, 0);
                return fitted(reader.read(0, reading), side);
            } finally {
                reader.dispose();
            }
        }
    }

    private static BufferedImage fitted(BufferedImage image, int side) {
        double scale = (double) side / Math.max(image.getWidth(), image.getHeight());
        int width = Math.max(1, (int) Math.round(image.getWidth() * scale));
        int height = Math.max(1, (int) Math.round(image.getHeight() * scale));
        BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = small.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        graphics.drawImage(SentPicture.overWhite(image), 0, 0, width, height, null); // which keeps levels of grey
        graphics.dispose();
        return small;
    }

    private static byte[] jpeg(BufferedImage image) throws IOException {
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (var stream = ImageIO.createImageOutputStream(out)) {
            ImageWriteParam settings = writer.getDefaultWriteParam();
            settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            settings.setCompressionQuality(QUALITY);
            writer.setOutput(stream);
            writer.write(null, new IIOImage(image, null, null), settings);
        } finally {
            writer.dispose();
        }
        return out.toByteArray();
    }

    private static Refusal broken() {
        return new Refusal(422, "this is no whole picture", "broken_picture", null);
    }
}
