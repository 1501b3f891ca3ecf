// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.image.WebpFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * How pictures are sent.
 *
 * @param quality of a JPEG, in [0, 1]
 */
public record PictureForm(Kind kind, float quality) {
    /** PNG with its notes. */
    static final PictureForm PNG = new PictureForm(Kind.PNG, 1);

    /** What a file can be. */
    public enum Kind {
        /** With notes. */
        PNG("png", "image/png"),
        /** With losses. */
        JPEG("jpeg", "image/jpeg"),
        /** Without either. */
        WEBP("webp", "image/webp");

        private final String word;
        private final String type;

        Kind(String word, String type) {
            this.word = word;
            this.type = type;
        }

        String word() {
            return word;
        }

        /** For {@code Content-Type}. */
        String type() {
            return type;
        }
    }

    /** A file; only a PNG has notes, and only a JPEG loses something. */
    public byte[] bytes(BufferedImage image, Map<String, String> notes) {
        return switch (kind) {
            case PNG -> PngFile.bytes(image, notes);
            case JPEG -> jpeg(image);
            case WEBP -> WebpFile.bytes(image);
        };
    }

    private byte[] jpeg(BufferedImage image) {
        ImageWriter writer = ImageIO.getImageWritersByFormatName(Kind.JPEG.word).next();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            ImageWriteParam settings = writer.getDefaultWriteParam();
            settings.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            settings.setCompressionQuality(quality);
            writer.setOutput(out);
            writer.write(null, new IIOImage(image, null, null), settings);
            out.flush();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }
}
