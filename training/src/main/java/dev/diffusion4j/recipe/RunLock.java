// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Keeps two processes from writing to one run: {@code .lock} in its folder is locked while the run goes on. The system lets go of
 * it when the process ends, however it ends; the file stays and says who worked on the run last, see {@link RunWorker}.
 */
final class RunLock implements AutoCloseable {
    static final String FILE = ".lock";
    /** Behind everything that is ever written, so that others can read the file where a lock keeps them from reading. */
    private static final long PLACE = Long.MAX_VALUE - 1;
    /** By real folders. A process that closes a file lets go of its locks on it, so that a file locked here is not opened again. */
    private static final Map<Path, RunWorker> HELD = new ConcurrentHashMap<>();

    private final Path folder;
    private final FileChannel channel;
    private RunWorker worker = RunWorker.ofThisProcess();

    private RunLock(Path folder, FileChannel channel) {
        this.folder = folder;
        this.channel = channel;
    }

    /**
     * Does a run's work while nobody else can, and notes how it ended.
     *
     * @param stop asked by the work; what the work gets is also true once there is a {@link StopFile}
     * @throws Problem (a failure) where another run has the folder, or it cannot be written to
     */
    static RunSummary whileHeld(Path folder, BooleanSupplier stop, Function<BooleanSupplier, RunSummary> work) {
        try (RunLock lock = take(folder);
                StopFile file = new StopFile(folder)) {
            lock.write();
            try {
                RunSummary summary = work.apply(() -> stop.getAsBoolean() || file.isThere());
                lock.end(summary.finished() ? RunWorker.End.FINISHED : RunWorker.End.STOPPED, null);
                return summary;
            } catch (CancellationException e) {
                lock.end(RunWorker.End.STOPPED, null);
                throw e;
            } catch (RuntimeException | Error e) {
                lock.end(RunWorker.End.FAILED, e.getMessage() == null ? e.toString() : e.getMessage());
                throw e;
            }
        }
    }

    /** @throws Problem (a failure) where another run has it, or the folder cannot be written to */
    static RunLock take(Path folder) {
        Path file = folder.resolve(FILE);
        try {
            Path real = folder.toRealPath();
            RunWorker here = HELD.putIfAbsent(real, RunWorker.ofThisProcess());
            FileChannel channel = here != null ? null : lock(real, file);
            if (channel == null) {
                throw Problem.failure(
                        folder + " is in use by another training: wait for its end, or choose another {out}");
            }
            return new RunLock(real, channel);
        } catch (IOException e) {
            throw Problem.failure("cannot write " + file + ": " + AtomicFile.reason(e), e);
        }
    }

    /** {@code null} where another process has it. */
    private static @Nullable FileChannel lock(Path real, Path file) throws IOException {
        boolean isTaken = true;
        FileChannel channel = null;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            isTaken = isTaken(channel);
            return isTaken ? null : channel;
        } finally {
            if (isTaken) {
                HELD.remove(real);
                if (channel != null) {
                    channel.close();
                }
            }
        }
    }

    private static boolean isTaken(FileChannel channel) {
        try {
            @Nullable FileLock lock = channel.tryLock(PLACE, 1, false);
            return lock == null;
        } catch (OverlappingFileLockException e) {
            return true; // by this process, under another class loader
        } catch (IOException e) {
            return false; // a file system without locks
        }
    }

    /** Who works on the run in a folder, where that is this process. */
    static @Nullable RunWorker heldHere(Path folder) {
        try {
            return HELD.get(folder.toRealPath());
        } catch (IOException e) {
            return null; // there is no such folder
        }
    }

    private void end(RunWorker.End end, @Nullable String reason) {
        worker = worker.ended(end, reason);
        write();
    }

    /** What cannot be noted stops no training. */
    private void write() {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(worker.toText().getBytes(StandardCharsets.UTF_8));
            int length = bytes.remaining();
            channel.position(0);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.truncate(length);
        } catch (IOException e) {
            return;
        }
    }

    @Override
    public void close() {
        HELD.remove(folder);
        try {
            channel.close();
        } catch (IOException e) {
            // the end of the process lets go of it too
        }
    }
}
