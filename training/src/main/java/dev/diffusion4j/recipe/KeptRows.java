// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.KeepMode;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.tensor.Shapes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A row of numbers for each picture or caption, in memory or in a safetensors file whose name is a hash of what it is of. */
final class KeptRows implements AutoCloseable {
    private static final int NAME_LENGTH = 16;
    /** More pictures than anybody collects: they are drawn, and their number says nothing. */
    private static final int DRAWN = 500_000;

    private final About about;
    private final float @Nullable [] @Nullable [] kept;
    private final @Nullable FileChannel file;
    private final long begin;
    private final byte[] readable;

    /**
     * What rows are of.
     *
     * @param marks by which it is known what they were computed of and by, each with its name in {@link KeptKind#other}
     * @param count how many rows
     * @param variants of each
     * @param shape of each variant
     */
    record About(KeptKind kind, Map<String, String> marks, int count, int variants, long[] shape) {
        About {
            marks = Collections.unmodifiableMap(new LinkedHashMap<>(marks));
        }

        int numbers() {
            return Math.toIntExact(Shapes.count(shape));
        }

        /** Of all variants of a row. */
        int rowBytes() {
            return Math.multiplyExact(4 * variants, numbers());
        }

        long bytes() {
            return (long) rowBytes() * count;
        }

        String fileName() {
            String all = marks + " " + count + " " + variants + " " + Arrays.toString(shape);
            return kind.prefix() + Hashes.sha256(all).substring(0, NAME_LENGTH) + KeptKind.SUFFIX;
        }
    }

    private KeptRows(
            About about,
            float @Nullable [] @Nullable [] kept,
            @Nullable FileChannel file,
            long begin,
            byte[] readable) {
        this.about = about;
        this.kept = kept;
        this.file = file;
        this.begin = begin;
        this.readable = readable;
    }

    /** Makes rows in their order. */
    @FunctionalInterface
    interface Filling {
        /** From row {@code first} on to the last. */
        void from(int first, Consumer<float @Nullable []> receiver);
    }

    /**
     * Looks whether rows can be kept as a recipe asks for.
     *
     * @param bytes that they take
     * @throws Problem (a wrong request) where there are too many
     */
    static void checkSize(KeptKind kind, KeepMode mode, TrainingData data, LongSupplier bytes) {
        int count = data.dataset().size();
        if (count >= DRAWN) {
            throw Problem.request(kind.setting() + " is " + mode.key() + ", which would be computed of all " + count
                    + " pictures of " + data.dataset().description()
                    + ": set data.limit to how many are to be kept, or "
                    + kind.setting() + " to live");
        }
        long most = Runtime.getRuntime().maxMemory() / 2;
        long all = mode == KeepMode.MEMORY ? bytes.getAsLong() : 0;
        if (all > most) {
            throw Problem.request(kind.setting() + " is memory, but the " + kind.noun() + " of " + count
                    + " pictures take " + (all >> 20) + " MiB, and at most " + (most >> 20) + " MiB are kept: set "
                    + kind.setting() + " to file, or data.limit to fewer pictures");
        }
    }

    /** {@link #inMemory} or {@link #inFile}. */
    static KeptRows open(KeepMode mode, About about, Path folder, Filling filling) {
        return mode == KeepMode.MEMORY ? inMemory(about, filling) : inFile(about, folder, filling);
    }

    static KeptRows inMemory(About about, Filling filling) {
        float[] @Nullable [] rows = new float[about.count()][];
        byte[] readable = new byte[about.count()];
        AtomicInteger next = new AtomicInteger();
        filling.from(0, row -> {
            int index = next.getAndIncrement();
            readable[index] = row == null ? 0 : KeptFile.READABLE;
            rows[index] = row == null ? new float[0] : row;
        });
        return new KeptRows(about, rows, null, 0, readable);
    }

    /**
     * From the file of these rows in a folder, which is written where it is not there; where writing it was stopped, it is gone on with.
     *
     * @throws Problem (a failure) where there is one of other rows
     */
    static KeptRows inFile(About about, Path folder, Filling filling) {
        Path place = folder.resolve(about.fileName());
        refuseOthers(folder, place, about);
        if (!Files.exists(place)) {
            try (KeptFile begun = KeptFile.begin(about, folder)) {
                filling.from(begun.done(), begun::put);
                begun.finish();
            }
        }
        try {
            FileChannel channel = FileChannel.open(place, StandardOpenOption.READ);
            long begin = 8 + headerLength(channel);
            ByteBuffer readable = ByteBuffer.allocate(about.count());
            readFully(channel, readable, begin + about.bytes());
            return new KeptRows(about, null, channel, begin, readable.array());
        } catch (IOException e) {
            throw Problem.failure("cannot read " + place + ": " + AtomicFile.reason(e), e);
        }
    }

    private static void refuseOthers(Path folder, Path own, About about) {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (Stream<Path> files = Files.list(folder)) {
            for (Path other : files.sorted().toList()) {
                String name = String.valueOf(other.getFileName());
                if (about.kind().isNameOf(name, "")) {
                    refuse(other, about, other.equals(own));
                }
            }
        } catch (IOException e) {
            throw Problem.failure("cannot read " + folder + ": " + AtomicFile.reason(e), e);
        }
    }

    private static void refuse(Path file, About about, boolean named) throws IOException {
        Map<String, @Nullable Object> there = metadata(file);
        Optional<String> wrong = about.marks().keySet().stream()
                .filter(mark -> !Objects.equals(about.marks().get(mark), there.get(mark)))
                .findFirst();
        if (wrong.isPresent() || !named) {
            throw Problem.failure(file + " holds " + about.kind().noun() + " of "
                    + about.kind().other(wrong.orElse(""))
                    + ": put back what the run was begun with, or remove the file and they are computed anew");
        }
    }

    private static Map<String, @Nullable Object> metadata(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer header = ByteBuffer.allocate(Math.toIntExact(Math.min(1 << 20, headerLength(channel))));
            readFully(channel, header, 8);
            String text = new String(header.array(), StandardCharsets.UTF_8);
            return Json.object(Json.parseObject(text, file.toString()).get("__metadata__"));
        }
    }

    private static long headerLength(FileChannel channel) throws IOException {
        ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        readFully(channel, length, 0);
        return length.getLong(0);
    }

    boolean isReadable(int index) {
        return readable[index] == KeptFile.READABLE;
    }

    /** One variant of a row. */
    void read(int index, int variant, float[] into, int offset) {
        int numbers = about.numbers();
        if (kept != null) {
            System.arraycopy(kept[index], variant * numbers, into, offset, numbers);
            return;
        }
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers).order(ByteOrder.LITTLE_ENDIAN);
        try {
            readFully(
                    Objects.requireNonNull(file),
                    bytes,
                    begin + 4L * numbers * ((long) index * about.variants() + variant));
        } catch (IOException e) {
            throw Problem.failure("cannot read the run's " + about.kind().noun() + ": " + AtomicFile.reason(e), e);
        }
        bytes.flip();
        bytes.asFloatBuffer().get(into, offset, numbers);
    }

    private static void readFully(FileChannel channel, ByteBuffer into, long position) throws IOException {
        long at = position;
        while (into.hasRemaining()) {
            int read = channel.read(into, at);
            if (read < 0) {
                throw new IOException("the file is cut short");
            }
            at += read;
        }
    }

    @Override
    public void close() {
        if (file != null) {
            try {
                file.close();
            } catch (IOException e) {
                throw Problem.failure("cannot close the run's " + about.kind().noun() + ": " + AtomicFile.reason(e), e);
            }
        }
    }
}
