// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.FileNames;
import dev.diffusion4j.base.UserError;
import java.io.IOException;
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
import java.util.Locale;
import java.util.Set;

/** Finds the picture files below a folder, in the order of their names. */
final class FolderScan extends SimpleFileVisitor<Path> {
    static final Set<String> ENDINGS = Set.of("jpg", "jpeg", "png", "webp", "gif", "bmp");

    /** @param name relative to the folder, with forward slashes on every system, so that the order is the same everywhere */
    record Found(String name, long bytes) {}

    private final Path root;
    private final List<Found> found = new ArrayList<>();

    private FolderScan(Path root) {
        this.root = root;
    }

    /** @throws UserError (exit code 1) where a folder cannot be read */
    static List<Found> of(Path root) {
        FolderScan scan = new FolderScan(root);
        try {
            Files.walkFileTree(root, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, scan);
        } catch (IOException e) {
            throw UserError.failure("cannot read the folder " + root + ": " + AtomicFile.reason(e), e);
        }
        scan.found.sort(Comparator.comparing(Found::name));
        return scan.found;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
        return isHidden(folder) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
        String name = file.getFileName().toString();
        String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        if (attributes.isRegularFile() && ENDINGS.contains(ending) && !isHidden(file)) {
            found.add(new Found(
                    FileNames.readable(root.relativize(file)).toString().replace('\\', '/'), attributes.size()));
        }
        return FileVisitResult.CONTINUE;
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
