// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.parquet;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The pictures of one Parquet file as it has them, undecoded, with classes and captions, in a file of ours: pages of Parquet hold
 * many rows and are read in order, but a shuffled training needs any row at once. In memory is 20 bytes a row.
 *
 * <p>Layout, big-endian: each row's picture and caption one after the other; an index of (place, picture's length, caption's
 * length, class) a row; the words of classes as JSON; {@link #TAIL} bytes that say where all this is. Thread-safe.
 */
public final class ImagePack implements AutoCloseable {
    static final int ENTRY = Long.BYTES + 3 * Integer.BYTES;
    static final int TAIL = 2 * Long.BYTES + 5 * Integer.BYTES;
    static final long MARK = 0x64346a5061636b31L; // d4jPack1
    /** A caption's length where there is none; a picture's where there is none, and the caption says why. */
    static final int NONE = -1;

    private final FileChannel file;
    private final ByteBuffer index;
    private final int count;
    private final List<String> words;
    private final int highestLabel;
    private final boolean allGrey;
    private final int side;

    private ImagePack(FileChannel file, ByteBuffer tail) throws IOException {
        this.file = file;
        long indexAt = tail.getLong();
        count = tail.getInt();
        int wordsLength = tail.getInt();
        highestLabel = tail.getInt();
        allGrey = tail.getInt() != 0;
        side = tail.getInt();
        long indexLength = (long) count * ENTRY;
        boolean isWhole = tail.getLong() == MARK
                && count >= 0
                && wordsLength >= 0
                && indexAt >= 0
                && indexAt + indexLength + wordsLength + TAIL == file.size();
        if (!isWhole || indexLength > Integer.MAX_VALUE) {
            throw new IOException("it is not what was written");
        }
        index = read(indexAt, (int) indexLength);
        String text = StandardCharsets.UTF_8
                .decode(read(indexAt + indexLength, wordsLength))
                .toString();
        words = Json.parse(text, "the words of classes") instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : List.of();
    }

    /** What was packed earlier; empty where there is no such file, or it is not whole. */
    public static Optional<ImagePack> open(Path path) {
        FileChannel file = null;
        try {
            file = FileChannel.open(path);
            if (file.size() >= TAIL) {
                return Optional.of(new ImagePack(file, read(file, file.size() - TAIL, TAIL)));
            }
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            // made anew
        }
        try {
            if (file != null) {
                file.close();
            }
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw Problem.failure("cannot replace " + path + ": " + AtomicFile.reason(e), e);
        }
        return Optional.empty();
    }

    /** How many rows. */
    public int size() {
        return count;
    }

    /** The classes as words where the file has words; otherwise empty. */
    public List<String> words() {
        return words;
    }

    /** The highest class; −1 without classes. */
    public int highestLabel() {
        return highestLabel;
    }

    /** Whether all pictures are grey, as far as their first bytes say. */
    public boolean allGrey() {
        return allGrey;
    }

    /** The side of all pictures where all are squares of one size; 0 where they are not, or it is not known. */
    public int side() {
        return side;
    }

    /** One picture's file, byte by byte; {@code null} where the row has none. */
    public byte @Nullable [] image(int row) throws IOException {
        int length = index.getInt(row * ENTRY + Long.BYTES);
        return length == NONE ? null : read(place(row), length).array();
    }

    /** What it shows, as text; {@code null} where that is not known. Of a row without a picture: why. */
    public @Nullable String caption(int row) throws IOException {
        int length = index.getInt(row * ENTRY + Long.BYTES + Integer.BYTES);
        if (length == NONE) {
            return null;
        }
        int image = Math.max(0, index.getInt(row * ENTRY + Long.BYTES));
        return new String(read(place(row) + image, length).array(), StandardCharsets.UTF_8);
    }

    /** Its class, −1 where that is not known. */
    public int label(int row) {
        return index.getInt(row * ENTRY + Long.BYTES + 2 * Integer.BYTES);
    }

    private long place(int row) {
        return index.getLong(row * ENTRY);
    }

    private ByteBuffer read(long at, int length) throws IOException {
        return read(file, at, length);
    }

    private static ByteBuffer read(FileChannel file, long at, int length) throws IOException {
        if (length < 0 || at < 0 || at > file.size() - length) {
            throw new EOFException();
        }
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (file.read(bytes, at + bytes.position()) < 0) {
                throw new EOFException();
            }
        }
        return bytes.flip();
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            // it was only read
        }
    }
}
