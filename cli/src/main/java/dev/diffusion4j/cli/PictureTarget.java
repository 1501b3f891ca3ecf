// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** Looks, before anything is drawn, at where pictures are to go: nothing but a picture is ever replaced by one. */
final class PictureTarget {
    private static final int HEAD = 4;

    /** The first bytes of PNG, GIF, JPEG and BMP. */
    private static final List<byte[]> PICTURES = List.of(
            new byte[] {(byte) 0x89, 'P', 'N', 'G'},
            new byte[] {'G', 'I', 'F', '8'},
            new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff},
            new byte[] {'B', 'M'});

    private PictureTarget() {}

    /**
     * A file for a picture.
     *
     * @param ending {@code .png}, or {@code .gif} for what moves
     * @throws Problem (a wrong request) where its name ends otherwise, (a failure) where what is no picture, or cannot be replaced, lies
     *     there
     */
    static void checkFile(Path file, String ending, String option) {
        if (!lowerName(file).endsWith(ending)) {
            throw Problem.request(option + " must name a " + ending + " file, but was " + file);
        }
        AtomicFile.checkFolder(Objects.requireNonNull(file.toAbsolutePath().getParent()));
        if (Files.exists(file) && !isPicture(file)) {
            throw Problem.failure(
                    option + ": " + file
                            + " is there already and is no picture: it is not replaced; move it elsewhere, or choose another name");
        }
    }

    /**
     * A folder for pictures.
     *
     * @throws Problem (a wrong request) where its name is that of a picture, (a failure) where nothing can be written into it
     */
    static void checkFolder(Path folder, String option) {
        String name = lowerName(folder);
        if (name.endsWith(".png") || name.endsWith(".gif")) {
            throw Problem.request(option + " must name a folder, into which several pictures go, but was " + folder
                    + ": omit " + name.substring(name.lastIndexOf('.')));
        }
        AtomicFile.checkFolder(folder);
    }

    private static String lowerName(Path path) {
        return String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
    }

    /** An empty file, which holds nothing that could be lost, may be replaced too. */
    private static boolean isPicture(Path file) {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] head = in.readNBytes(HEAD);
            return head.length == 0 || PICTURES.stream().anyMatch(picture -> startsWith(head, picture));
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean startsWith(byte[] head, byte[] picture) {
        return head.length >= picture.length
                && java.util.Arrays.equals(head, 0, picture.length, picture, 0, picture.length);
    }
}
