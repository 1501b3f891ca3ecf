// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A row of numbers for each picture, in memory or in a safetensors file whose name is a hash of what it is of. */
final class LatentRows implements AutoCloseable {
    static final String PREFIX = "latents-";
    static final String SUFFIX = ".safetensors";
    private static final int NAME_LENGTH = 16;

    private final About about;
    private final float @Nullable [] @Nullable [] kept;
    private final @Nullable FileChannel file;
    private final long begin;
    private final byte[] readable;

    /**
     * What rows are of.
     *
     * @param data its fingerprint
     * @param autoencoder the hash of its weights
     * @param prepared how pictures are prepared
     * @param count how many pictures
     * @param variants of each
     * @param shape of each variant
     */
    record About(String data, String autoencoder, String prepared, int count, int variants, long[] shape) {
        int numbers() {
            return Math.toIntExact(shape[0] * shape[1] * shape[2]);
        }

        /** Of all variants of a picture. */
        int rowBytes() {
            return Math.multiplyExact(4 * variants, numbers());
        }

        long bytes() {
            return (long) rowBytes() * count;
        }

        Map<String, String> metadata() {
            Map<String, String> all = new LinkedHashMap<>();
            all.put("data", data);
            all.put("autoencoder", autoencoder);
            all.put("prepared", prepared);
            return all;
        }

        String fileName() {
            String all = metadata() + " " + count + " " + variants + " " + Arrays.toString(shape);
            return PREFIX + Hashes.sha256(all).substring(0, NAME_LENGTH) + SUFFIX;
        }
    }

    private LatentRows(
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

    static LatentRows inMemory(About about, Filling filling) {
        float[] @Nullable [] rows = new float[about.count()][];
        byte[] readable = new byte[about.count()];
        AtomicInteger next = new AtomicInteger();
        filling.from(0, row -> {
            int index = next.getAndIncrement();
            readable[index] = row == null ? 0 : LatentFile.READABLE;
            rows[index] = row == null ? new float[0] : row;
        });
        return new LatentRows(about, rows, null, 0, readable);
    }

    /**
     * From the file of these rows in a folder, which is written where it is not there; where writing it was stopped, it is gone on with.
     *
     * @throws Problem (a failure) where there is one of other rows
     */
    static LatentRows inFile(About about, Path folder, Filling filling) {
        Path place = folder.resolve(about.fileName());
        refuseOthers(folder, place, about);
        if (!Files.exists(place)) {
            try (LatentFile begun = LatentFile.begin(about, folder)) {
                filling.from(begun.done(), begun::put);
                begun.finish();
            }
        }
        try {
            FileChannel channel = FileChannel.open(place, StandardOpenOption.READ);
            long begin = 8 + headerLength(channel);
            ByteBuffer readable = ByteBuffer.allocate(about.count());
            readFully(channel, readable, begin + about.bytes());
            return new LatentRows(about, null, channel, begin, readable.array());
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
                if (name.startsWith(PREFIX) && name.endsWith(SUFFIX)) {
                    refuse(other, about, other.equals(own));
                }
            }
        } catch (IOException e) {
            throw Problem.failure("cannot read " + folder + ": " + AtomicFile.reason(e), e);
        }
    }

    private static void refuse(Path file, About about, boolean named) throws IOException {
        Map<String, @Nullable Object> there = metadata(file);
        String of = !about.autoencoder().equals(there.get("autoencoder"))
                ? "another autoencoder"
                : !about.data().equals(there.get("data"))
                        ? "other data"
                        : named && about.prepared().equals(there.get("prepared")) ? "" : "pictures prepared otherwise";
        if (!of.isEmpty()) {
            throw Problem.failure(file + " holds latents of " + of
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
        return readable[index] == LatentFile.READABLE;
    }

    /** One variant of a picture. */
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
            throw Problem.failure("cannot read the run's latents: " + AtomicFile.reason(e), e);
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
                throw Problem.failure("cannot close the run's latents: " + AtomicFile.reason(e), e);
            }
        }
    }
}
