// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.FileNames;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.decode.ImageDecoder;
import dev.diffusion4j.data.decode.PictureEndings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;

/**
 * Finds the picture files below a folder, in the order of their names: by their endings, and those without one by their first bytes.
 * Hidden files and folders are passed over.
 */
final class FolderScan extends SimpleFileVisitor<Path> {
    private static final int START = 16;

    /** @param name relative to the folder, with forward slashes on every system, so that the order is the same everywhere */
    public record Found(String name, long bytes) {}

    private final Path root;
    private final List<Found> found = new ArrayList<>();
    private final List<String> others = new ArrayList<>();

    private FolderScan(Path root) {
        this.root = root;
    }

    /** @throws Problem (a failure) where a folder cannot be read */
    public static FolderScan of(Path root) {
        FolderScan scan = new FolderScan(root);
        try {
            Files.walkFileTree(root, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, scan);
        } catch (IOException e) {
            throw Problem.failure("cannot read the folder " + root + ": " + AtomicFile.reason(e), e);
        }
        scan.found.sort(Comparator.comparing(Found::name));
        return scan;
    }

    public List<Found> pictures() {
        return found;
    }

    /** The names of all other files, in no order. */
    public List<String> others() {
        return others;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
        return isHidden(folder) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
        if (attributes.isRegularFile() && !isHidden(file)) {
            String name = FileNames.readable(root.relativize(file)).toString().replace('\\', '/');
            if (PictureEndings.isRead(name) || PictureEndings.of(name).isEmpty() && startsAsPicture(file)) {
                found.add(new Found(name, attributes.size()));
            } else {
                others.add(name);
            }
        }
        return FileVisitResult.CONTINUE;
    }

    private static boolean startsAsPicture(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return ImageDecoder.isPicture(in.readNBytes(START));
        } catch (IOException e) {
            return false; // a file that may not be read, and is not named as a picture
        }
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException error) throws IOException {
        if (error instanceof FileSystemLoopException || isHidden(file)) {
            return FileVisitResult.CONTINUE; // a link to a folder above: its files are found anyway
        }
        throw error;
    }

    private boolean isHidden(Path file) {
        return !file.equals(root) && file.getFileName().toString().startsWith(".");
    }
}
