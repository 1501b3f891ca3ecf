// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file of weights, open for reading. It is read, not mapped: one that is cut short or replaced while it is open gives an
 * error, never a crash. Thread-safe.
 */
final class DataFile implements ByteSource, AutoCloseable {
    private static final String LFS = "version https://git-lfs";

    private final Path file;
    private final FileChannel channel;
    private final long size;

    private DataFile(Path file, FileChannel channel, long size) {
        this.file = file;
        this.channel = channel;
        this.size = size;
    }

    /** @throws Problem (a failure) where there is no such file, or it cannot be read */
    static DataFile open(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw Problem.failure(
                    "cannot read " + file + ": it is " + (Files.isDirectory(file) ? "a folder" : "no plain file"));
        }
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
            DataFile data = new DataFile(file, channel, channel.size());
            if (data.isPointer()) {
                data.close();
                throw Problem.failure(file
                        + " is not the weights but a note of git-lfs on where they are; fetch them with: git lfs pull");
            }
            return data;
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /** A clone without git-lfs holds small texts in place of the weights. */
    private boolean isPointer() throws IOException {
        if (size < LFS.length() || size > 1024) {
            return false;
        }
        ByteBuffer start = ByteBuffer.allocate(LFS.length());
        channel.read(start, 0);
        return new String(start.array(), StandardCharsets.US_ASCII).equals(LFS);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void read(long position, ByteBuffer target) {
        long at = position;
        try {
            while (target.hasRemaining()) {
                int n = channel.read(target, at);
                if (n < 0) {
                    throw Problem.failure(file + " ends at byte " + at
                            + ", in the middle of its data: it was cut short or " + "changed while it was read");
                }
                at += n;
            }
        } catch (IOException e) {
            throw Problem.failure("cannot read " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // it was only read
        }
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
