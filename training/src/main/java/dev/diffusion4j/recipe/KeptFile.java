// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The file of {@link KeptRows} while it is written, under a name of its own. A row counts once it is marked, and it is marked once it is
 * on the disk: whoever is stopped, or killed, goes on after the last marked one.
 */
final class KeptFile implements AutoCloseable {
    static final byte READABLE = 1;
    private static final byte UNREADABLE = 2;
    private static final String UNFINISHED = ".part";
    /** Rows that are brought to the disk and marked at a time. */
    private static final int TOGETHER = 1024;

    private final KeptRows.About about;
    private final Path folder;
    private final Path target;
    private final Path path;
    private final FileChannel channel;
    private final byte[] header;
    private final byte[] marks;
    private final ByteBuffer bytes;
    private int done;
    private int marked;

    private KeptFile(KeptRows.About about, Path folder) throws IOException {
        this.about = about;
        this.folder = folder;
        this.target = folder.resolve(about.fileName());
        this.path = folder.resolve(about.fileName() + UNFINISHED);
        this.header = header(about);
        this.marks = new byte[about.count()];
        this.bytes = ByteBuffer.allocate(about.rowBytes()).order(ByteOrder.LITTLE_ENDIAN);
        this.channel =
                FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            takeUp();
        } catch (Throwable e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Goes on with what is there of these rows, or begins; what was begun of others in the folder is deleted.
     *
     * @throws Problem (a failure) where there is no room for the rest of it, or it cannot be written
     */
    static KeptFile begin(KeptRows.About about, Path folder) {
        try {
            deleteOthers(about, folder);
            return new KeptFile(about, folder);
        } catch (IOException e) {
            throw cannotWrite(folder.resolve(about.fileName()), e);
        }
    }

    private static void deleteOthers(KeptRows.About about, Path folder) throws IOException {
        String own = about.fileName() + UNFINISHED;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path other : files.toList()) {
                String name = String.valueOf(other.getFileName());
                if (about.kind().isNameOf(name, UNFINISHED) && !name.equals(own)) {
                    Files.delete(other);
                }
            }
        }
    }

    private void takeUp() throws IOException {
        if (Arrays.equals(there(0, 8 + header.length), start()) && channel.size() == end()) {
            System.arraycopy(there(begin() + about.bytes(), marks.length), 0, marks, 0, marks.length);
            while (done < marks.length && marks[done] != 0) {
                done++;
            }
            Arrays.fill(marks, done, marks.length, (byte) 0);
            marked = done;
            checkRoom();
        } else {
            channel.truncate(0);
            checkRoom();
            write(ByteBuffer.wrap(marks), begin() + about.bytes());
            write(ByteBuffer.wrap(start()), 0);
        }
    }

    private void checkRoom() throws IOException {
        long need = (long) about.rowBytes() * (about.count() - done);
        checkRoom(about.kind(), need, folder, Files.getFileStore(path).getUsableSpace());
    }

    /**
     * @param need bytes
     * @param free bytes
     * @throws Problem (a failure) where they do not fit
     */
    static void checkRoom(KeptKind kind, long need, Path folder, long free) {
        if (need > free) {
            throw Problem.failure("no room for the " + kind.source() + "' " + kind.noun() + ": they take "
                    + (need >> 20) + " MiB, and "
                    + folder + " has " + (free >> 20)
                    + " MiB left; free some, set data.limit to fewer pictures, or " + kind.setting() + " to live");
        }
    }

    private byte[] start() {
        return ByteBuffer.allocate(8 + header.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .array();
    }

    private long begin() {
        return 8L + header.length;
    }

    private long end() {
        return begin() + about.bytes() + about.count();
    }

    /** What the file has of it, zeros behind its end. */
    private byte[] there(long position, int count) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(count);
        while (into.hasRemaining() && channel.read(into, position + into.position()) >= 0) {}
        return into.array();
    }

    private void write(ByteBuffer from, long position) throws IOException {
        int first = from.position();
        while (from.hasRemaining()) {
            channel.write(from, position + from.position() - first);
        }
    }

    /** How many rows are there. */
    int done() {
        return done;
    }

    /** @param row the next one; {@code null} for a picture that cannot be read */
    void put(float @Nullable [] row) {
        try {
            if (row != null) {
                bytes.clear();
                bytes.asFloatBuffer().put(row);
                write(bytes, begin() + (long) about.rowBytes() * done);
            }
            marks[done++] = row == null ? UNREADABLE : READABLE;
            if (done - marked >= TOGETHER) {
                mark();
            }
        } catch (IOException e) {
            throw cannotWrite(target, e);
        }
    }

    private void mark() throws IOException {
        channel.force(false);
        write(ByteBuffer.wrap(marks, marked, done - marked), begin() + about.bytes() + marked);
        marked = done;
    }

    /** Closes the file and gives it its name; all rows must be there. */
    void finish() {
        if (done < about.count()) {
            throw new IllegalStateException(done + " of " + about.count() + " rows are there");
        }
        try {
            mark();
            channel.force(true);
            channel.close();
            Files.move(path, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw cannotWrite(target, e);
        }
    }

    /** Marks what is there. */
    @Override
    public void close() {
        if (channel.isOpen()) {
            try (channel) {
                mark();
            } catch (IOException e) {
                throw cannotWrite(target, e);
            }
        }
    }

    private static Problem cannotWrite(Path target, IOException e) {
        return Problem.failure("cannot write " + target + ": " + AtomicFile.reason(e), e);
    }

    private static byte[] header(KeptRows.About about) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("__metadata__", about.marks());
        List<Long> shape = LongStream.concat(
                        LongStream.of(about.count(), about.variants()), Arrays.stream(about.shape()))
                .boxed()
                .toList();
        json.put(about.kind().tensor(), tensor("F32", shape, 0, about.bytes()));
        json.put("readable", tensor("U8", List.of((long) about.count()), about.bytes(), about.bytes() + about.count()));
        String text = Json.compact(json);
        String padded = text + " ".repeat((8 - text.getBytes(StandardCharsets.UTF_8).length % 8) % 8);
        return padded.getBytes(StandardCharsets.UTF_8);
    }

    private static Map<String, Object> tensor(String dtype, List<Long> shape, long from, long to) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("dtype", dtype);
        json.put("shape", shape);
        json.put("data_offsets", List.of(from, to));
        return json;
    }
}
