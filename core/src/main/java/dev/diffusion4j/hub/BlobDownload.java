// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

import dev.diffusion4j.base.AtomicFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Fetches one blob under a name of our own, goes on where a connection broke or an earlier process was killed, hashes while it
 * streams, and hands the file over only when its checksum is right.
 */
final class BlobDownload {
    private static final int TRIES_WITHOUT_PROGRESS = 3;
    private static final int BUFFER = 1 << 17;
    private static final long FLUSH = 64L << 20;
    private final HubHttp http;
    private final RemoteFile file;
    private final HubProgress progress;
    private final Disk disk;
    private CompletableFuture<Void> flushing = CompletableFuture.completedFuture(null);
    /** Whether the last answer was the whole again instead of what was missing. */
    private boolean beganAnew;
    /** Of all bytes so far. */
    private Checksum checksum;

    BlobDownload(HubHttp http, RemoteFile file, HubProgress progress, Disk disk) {
        this.http = http;
        this.file = file;
        this.progress = progress;
        this.disk = disk;
        checksum = new Checksum(file.etag(), file.size());
    }

    /** What a download asks of the disk; tests have one that is full. */
    interface Disk {
        Disk REAL = new Disk() {};

        /** The bytes that may still be written into a folder. */
        default long usable(Path folder) throws IOException {
            return Files.getFileStore(folder).getUsableSpace();
        }

        /** As {@link FileChannel#write(ByteBuffer, long)}. */
        default int write(FileChannel out, ByteBuffer bytes, long at) throws IOException {
            return out.write(bytes, at);
        }
    }

    /** The content is not what the Hub said it would be. */
    static final class WrongContent extends IOException {
        private static final long serialVersionUID = 1L;

        WrongContent(String message) {
            super(message);
        }
    }

    /** Puts the blob into the cache; a wrong one is fetched once more. */
    void into(HubCache cache) throws IOException {
        checkSpace(cache);
        try {
            once(cache);
        } catch (WrongContent first) {
            once(cache);
        }
    }

    private void checkSpace(HubCache cache) throws IOException {
        Path part = part(cache);
        long missing = file.size() - (Files.exists(part) ? Files.size(part) : 0);
        long free = disk.usable(Objects.requireNonNull(part.getParent()));
        if (missing > free) {
            throw full(cache.blob(file.etag()), missing, free);
        }
    }

    /** That it does not fit. */
    static FileSystemException full(Path place, long missing, long free) {
        return new FileSystemException(
                place.toString(),
                null,
                megabytes(missing) + " are needed, but only " + free / 1_000_000 + " MB are free");
    }

    private static String megabytes(long bytes) {
        return (bytes + 999_999) / 1_000_000 + " MB";
    }

    /** What an earlier process left, or a thread of this one is at. */
    private Path part(HubCache cache) {
        return cache.blob(file.etag()).resolveSibling(file.etag() + ".diffusion4j.incomplete");
    }

    private void once(HubCache cache) throws IOException {
        Path blob = cache.blob(file.etag());
        Path growing = part(cache);
        FileChannel channel = open(growing);
        FileLock lock = tryLock(channel);
        if (lock == null) { // another of us is at it
            channel.close();
            growing = blob.resolveSibling(file.etag() + "."
                    + Long.toHexString(ThreadLocalRandom.current().nextLong()) + ".incomplete");
            channel = open(growing);
        }
        boolean keepsPart = lock != null;
        try (FileChannel out = channel) {
            fill(out);
            flushing.join();
            sync(out, blob);
            cache.keep(growing, file.etag());
        } catch (WrongContent e) {
            Files.deleteIfExists(growing);
            throw e;
        } catch (IOException | RuntimeException e) {
            if (!keepsPart) {
                Files.deleteIfExists(growing);
            }
            throw e;
        }
    }

    private static FileChannel open(Path path) throws IOException {
        return FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    private void fill(FileChannel out) throws IOException {
        if (file.size() >= 0 && out.size() > file.size()) {
            out.truncate(0);
        }
        long done = hashPart(out);
        progress.onBytes(done);
        long most = done; // to begin anew and come as far again is no progress
        for (int idle = 0; done != file.size(); ) {
            IOException problem;
            try {
                done = request(out, done);
                if (file.size() < 0) {
                    break;
                }
                problem = new IOException("the connection was closed after " + done + " of " + file.size() + " bytes");
            } catch (WrongContent | FileSystemException e) {
                throw e;
            } catch (IOException e) {
                done = hashPart(out);
                problem = e;
            }
            if (done == file.size()) {
                break;
            }
            idle = done > most && !beganAnew ? 0 : idle + 1;
            most = Math.max(most, done);
            if (idle >= TRIES_WITHOUT_PROGRESS) {
                throw problem;
            }
            http.pause(idle + 1);
        }
        if (!checksum.isRight()) {
            throw new WrongContent("its content is wrong (the checksum differs)");
        }
    }

    /** What an earlier try left: how many bytes; the checksum has seen them then. */
    private long hashPart(FileChannel out) throws IOException {
        checksum = new Checksum(file.etag(), file.size());
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        long at = 0;
        while (out.read(buffer, at) > 0) {
            at += buffer.position();
            checksum.update(buffer.flip());
            buffer.clear();
        }
        return at;
    }

    /** One request for what is missing. */
    private long request(FileChannel out, long from) throws IOException {
        Map<String, String> headers = from > 0
                ? Map.of("Accept-Encoding", "identity", "Range", "bytes=" + from + "-")
                : Map.of("Accept-Encoding", "identity");
        try (HubHttp.Answer answer = http.get(file.address(), headers)) {
            if (answer.status() == 416) {
                out.truncate(0);
                throw new WrongContent("the part that was kept is longer than the file");
            }
            if (!answer.isGood()) {
                throw new IOException("status " + answer.status());
            }
            checkAnswer(answer, from);
            beganAnew = from > 0 && answer.status() != 206;
            if (beganAnew) { // the whole again
                out.truncate(0);
                progress.onBytes(-from);
                checksum = new Checksum(file.etag(), file.size());
                return copy(answer.body(), out, 0);
            }
            return copy(answer.body(), out, from);
        }
    }

    /** What is not the file, or another part of it, must not be written: a proxy's page, something compressed. */
    private void checkAnswer(HubHttp.Answer answer, long from) throws IOException {
        String encoding = answer.header("Content-Encoding");
        if (!encoding.isEmpty() && !encoding.equalsIgnoreCase("identity")) {
            throw new WrongContent("it comes compressed (" + encoding + "), though it was asked for as it is");
        }
        boolean isPart = answer.status() == 206;
        String range = answer.header("Content-Range");
        if (isPart && !range.isEmpty() && !range.startsWith("bytes " + from + "-")) {
            throw new IOException("the part from byte " + from + " was asked for, but the answer is '" + range + "'");
        }
        long expected = file.size() - (isPart ? from : 0);
        long length = answer.connection().getContentLengthLong();
        if (file.size() >= 0 && length >= 0 && length != expected) {
            throw new IOException("the answer has " + length + " bytes instead of " + expected
                    + ", so it is not the file; is there a proxy or a firewall?");
        }
    }

    private long copy(InputStream body, FileChannel out, long from) throws IOException {
        byte[] bytes = new byte[BUFFER];
        long at = from;
        long flushed = from;
        for (int read = body.read(bytes); read >= 0; read = body.read(bytes)) {
            if (file.size() >= 0 && at + read > file.size()) {
                throw new WrongContent("it is longer than the " + file.size() + " bytes that the Hub named");
            }
            ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, read);
            checksum.update(buffer);
            while (buffer.hasRemaining()) {
                at += write(out, buffer, at);
            }
            progress.onBytes(read);
            if (at - flushed >= FLUSH && flushing.isDone()) {
                flushed = at;
                flushing = CompletableFuture.runAsync(() -> flush(out));
            }
        }
        return at;
    }

    /** The trouble of a disk, a full one above all, is not that of the network: trying again does not mend it. */
    private int write(FileChannel out, ByteBuffer bytes, long at) throws IOException {
        try {
            return disk.write(out, bytes, at);
        } catch (IOException e) {
            throw ofDisk(file.etag(), e);
        }
    }

    private static void sync(FileChannel out, Path blob) throws IOException {
        try {
            out.force(true);
        } catch (IOException e) {
            throw ofDisk(blob.toString(), e);
        }
    }

    private static FileSystemException ofDisk(String name, IOException problem) {
        FileSystemException known = new FileSystemException(name, null, AtomicFile.reason(problem));
        known.initCause(problem);
        return known;
    }

    /** The disk writes what has arrived while more comes, so that little is left to be synced at the end. */
    private static void flush(FileChannel out) {
        try {
            out.force(false);
        } catch (IOException e) {
            // the sync at the end fails too
        }
    }
}
