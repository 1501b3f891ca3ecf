// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Keeps two processes from writing to one run: {@code .lock} in its folder is locked while the run goes on. The system lets go of
 * it when the process ends, however it ends; the empty file stays.
 */
final class RunLock implements AutoCloseable {
    private final FileChannel channel;

    private RunLock(FileChannel channel) {
        this.channel = channel;
    }

    /** @throws Problem (a failure) where another run has it, or the folder cannot be written to */
    static RunLock take(Path folder) {
        Path file = folder.resolve(".lock");
        try {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (isTaken(channel)) {
                channel.close();
                throw Problem.failure(
                        folder + " is in use by another training: wait for its end, or choose another {out}");
            }
            return new RunLock(channel);
        } catch (IOException e) {
            throw Problem.failure("cannot write " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    private static boolean isTaken(FileChannel channel) {
        try {
            @Nullable FileLock lock = channel.tryLock();
            return lock == null;
        } catch (OverlappingFileLockException e) {
            return true; // by this process
        } catch (IOException e) {
            return false; // a file system without locks
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // the end of the process lets go of it too
        }
    }
}
