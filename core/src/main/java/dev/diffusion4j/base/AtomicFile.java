// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Writes files and folders whole or not at all: to a temporary name beside the target, synced to the disk, then renamed.
 * A reader sees the old content or the new, never a part; after an error or a kill the old content is untouched. Where the target is a
 * link, the file that it points to is replaced and the link stays; what is no file, such as a pipe or a device, is written to.
 */
public final class AtomicFile {
    private static final int MOST_LINKS = 40; // as Linux follows them

    private AtomicFile() {}

    /** Writes the bytes of one file. */
    @FunctionalInterface
    public interface Body {
        void write(OutputStream out) throws IOException;
    }

    /** Writes to the channel of one file, which is at position 0. */
    @FunctionalInterface
    public interface ChannelBody {
        void write(FileChannel channel) throws IOException;
    }

    /** Fills a new, empty folder. */
    @FunctionalInterface
    public interface FolderBody {
        void fill(Path folder) throws IOException;
    }

    /**
     * Replaces {@code target} by what {@code body} writes; missing parent folders are made.
     *
     * @throws Problem (a failure) naming the file, where the disk is full or the file cannot be written
     */
    public static void write(Path target, Body body) {
        writeChannel(target, channel -> {
            OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
            body.write(out);
            out.flush();
        });
    }

    /** {@link #write(Path, Body)} for text, as UTF-8. */
    public static void write(Path target, String text) {
        write(target, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** {@link #write(Path, Body)} with the open channel, which is written in order: a pipe has no positions. */
    public static void writeChannel(Path target, ChannelBody body) {
        try {
            if (isPipeOrDevice(target)) {
                try (FileChannel channel = FileChannel.open(target, StandardOpenOption.WRITE)) {
                    body.write(channel);
                }
            } else {
                replace(followed(target), body);
            }
        } catch (IOException e) {
            throw Problem.failure("cannot write " + target + ": " + reason(e), e);
        }
    }

    private static boolean isPipeOrDevice(Path target) {
        try {
            return Files.readAttributes(target, BasicFileAttributes.class).isOther();
        } catch (IOException e) {
            return false; // not there, or writing it says what is wrong
        }
    }

    /** The file that a link, or a link to a link, points to, whether it is there or not; any other path itself. */
    public static Path followed(Path path) throws IOException {
        Path at = path;
        for (int i = 0; i < MOST_LINKS; i++) {
            if (!Files.isSymbolicLink(at)) {
                return at;
            }
            at = at.toAbsolutePath().resolveSibling(Files.readSymbolicLink(at));
        }
        throw new FileSystemException(path.toString(), null, "a link that leads to itself");
    }

    private static void replace(Path file, ChannelBody body) throws IOException {
        Path temporary = beside(file);
        try {
            Path parent = file.toAbsolutePath().getParent();
            if (parent != null) {
                makeFolders(parent);
            }
            try (FileChannel channel =
                    FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                body.write(channel);
                channel.force(true);
            }
            rename(temporary, file);
            syncFolder(parent);
        } finally {
            deleteQuietly(temporary);
        }
    }

    /** As {@link Files#createDirectories}, which names the folder alone where it cannot be made. */
    private static void makeFolders(Path folder) throws IOException {
        try {
            Files.createDirectories(folder);
        } catch (NoSuchFileException e) {
            throw new FileSystemException(folder.toString(), null, "the folder " + folder + " cannot be made");
        } catch (FileAlreadyExistsException e) {
            throw new FileSystemException(folder.toString(), null, e.getFile() + " is a file, not a folder");
        }
    }

    /**
     * Makes the folder {@code target}, which must not exist, with all that {@code body} puts into it.
     *
     * @throws Problem (a failure) naming the folder, where it cannot be written
     */
    public static void createFolder(Path target, FolderBody body) {
        Path temporary = beside(target);
        try {
            Path parent = target.toAbsolutePath().getParent();
            makeFolders(temporary);
            body.fill(temporary);
            syncTree(temporary);
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            syncFolder(parent);
        } catch (IOException e) {
            throw Problem.failure("cannot write the folder " + target + ": " + reason(e), e);
        } finally {
            deleteTreeQuietly(temporary);
        }
    }

    /**
     * Finds out before long work whether files can be put into {@code folder} at its end, as far as can be seen without writing.
     *
     * @throws Problem (a failure) where a file is in the way or the folder may not be written to
     */
    public static void checkFolder(Path folder) {
        Path existing = folder.toAbsolutePath();
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        if (!Files.isDirectory(existing)) {
            throw Problem.failure("cannot write into " + folder + ": " + existing + " is a file, not a folder");
        }
        if (!Files.isWritable(existing)) {
            throw Problem.failure("cannot write into " + folder + ": permission denied");
        }
    }

    /** Deletes a folder and all in it; what is not there is fine. */
    public static void deleteTree(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(
                    Path visited, @org.jspecify.annotations.Nullable IOException error) throws IOException {
                if (error != null) {
                    throw error;
                }
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** What went wrong, as a sentence: an {@link IOException}'s message is often only the file's name, or missing. */
    public static String reason(IOException e) {
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        if (e instanceof NoSuchFileException) {
            return "no such file or folder";
        }
        if (e instanceof java.nio.file.AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "a file of that name is in the way";
        }
        if (e instanceof DirectoryNotEmptyException) {
            return "a folder of that name is in the way";
        }
        if (e instanceof EOFException) {
            return "it is cut short";
        }
        if (e instanceof ClosedByInterruptException) {
            return "the thread was interrupted";
        }
        if (e instanceof CharacterCodingException) {
            return "it is not UTF-8 text";
        }
        if (e instanceof FileSystemException system && system.getReason() != null) {
            return String.valueOf(system.getReason());
        }
        return message;
    }

    private static Path beside(Path target) {
        Path name = target.getFileName();
        String unique = Long.toHexString(ThreadLocalRandom.current().nextLong());
        return target.toAbsolutePath().resolveSibling("." + name + "." + unique + ".tmp");
    }

    private static void rename(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static void syncTree(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.force(true);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(
                    Path visited, @org.jspecify.annotations.Nullable IOException error) throws IOException {
                if (error != null) {
                    throw error;
                }
                syncFolder(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    /** Makes a rename last; systems that cannot open a folder (Windows) do without. */
    private static void syncFolder(@org.jspecify.annotations.Nullable Path folder) {
        if (folder == null) {
            return;
        }
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // nothing better can be done: the data itself is synced
        }
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // a leftover temporary name does no harm
        }
    }

    private static void deleteTreeQuietly(Path folder) {
        try {
            deleteTree(folder);
        } catch (IOException e) {
            // a leftover temporary name does no harm
        }
    }
}
