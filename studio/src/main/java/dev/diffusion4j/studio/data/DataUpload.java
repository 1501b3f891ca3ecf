// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.data;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.PixelImage;
import dev.diffusion4j.data.decode.DecodeException;
import dev.diffusion4j.data.decode.ImageDecoder;
import dev.diffusion4j.data.decode.ImageHeader;
import dev.diffusion4j.data.decode.PictureEndings;
import dev.diffusion4j.serve.Refusal;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.UUID;

/** Takes in a picture: what is no picture, or too large, is refused; its name becomes a harmless one, and no file is ever replaced. */
final class DataUpload {
    private static final int MOST_BYTES = 32 << 20;
    /** Of a picture: more is nothing to learn from, and a few bytes can claim it. */
    private static final long MOST_PIXELS = 50_000_000;

    private static final int LONGEST_NAME = 80;

    private DataUpload() {}

    /**
     * Adds a picture to a folder, which is made where it is not there yet.
     *
     * @param name as whoever sends it calls it
     * @return the file
     * @throws Refusal where it is not taken
     */
    static Path add(Path folder, String name, byte[] bytes) {
        if (bytes.length > MOST_BYTES) {
            throw Refusal.limit("picture", "a picture may have " + (MOST_BYTES >> 20) + " MB, but this one has more");
        }
        ImageHeader header = ImageHeader.of(bytes);
        if (header != null && (long) header.width() * header.height() > MOST_PIXELS) {
            throw tooLarge(header.width(), header.height());
        }
        try {
            PixelImage image = ImageDecoder.decode(bytes.clone());
            if ((long) image.width() * image.height() > MOST_PIXELS) {
                throw tooLarge(image.width(), image.height());
            }
        } catch (DecodeException e) {
            throw new Refusal(
                    422, "this is no picture that can be read: " + e.getMessage(), "broken_picture", "picture");
        }
        return write(folder, safe(name), ending(name, bytes), bytes);
    }

    private static Refusal tooLarge(int width, int height) {
        return Refusal.limit(
                "picture",
                "a picture may have " + MOST_PIXELS / 1_000_000 + " million pixels, but this one is " + width + "x"
                        + height);
    }

    /** Letters, digits, and a few signs. */
    private static String safe(String name) {
        String last = name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
        int dot = last.lastIndexOf('.');
        String stem = (dot > 0 ? last.substring(0, dot) : last)
                .replaceAll("[^\\p{L}\\p{N}._ -]", "_")
                .replaceAll("^[. ]+|[. ]+$", "");
        String cut = stem.substring(0, Math.min(LONGEST_NAME, stem.length()));
        return cut.isBlank() ? "picture" : cut;
    }

    /** Its own, where that is one of pictures; else that of its first bytes. */
    private static String ending(String name, byte[] bytes) {
        if (PictureEndings.isRead(name)) {
            return PictureEndings.of(name).toLowerCase(Locale.ROOT);
        }
        return bytes[0] == (byte) 0x89 ? "png" : bytes[0] == (byte) 0xff ? "jpg" : bytes[0] == 'R' ? "webp" : "png";
    }

    /** A file of a name that was free; whoever adds another at the same time finds it taken. */
    private static Path reserve(Path folder, String stem, String ending) throws IOException {
        Path target = folder.resolve(stem + "." + ending);
        for (int i = 2; ; i++) {
            try {
                return Files.createFile(target);
            } catch (FileAlreadyExistsException e) {
                target = folder.resolve(stem + "-" + i + "." + ending);
            }
        }
    }

    private static Path write(Path folder, String stem, String ending, byte[] bytes) {
        try {
            Files.createDirectories(folder);
            Path temporary = folder.resolve(".adding-" + UUID.randomUUID() + ".tmp");
            try {
                Files.write(temporary, bytes, StandardOpenOption.CREATE_NEW);
                Path target = reserve(folder, stem, ending);
                return Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            throw Problem.failure("cannot add a picture to " + folder + ": " + AtomicFile.reason(e), e);
        }
    }
}
