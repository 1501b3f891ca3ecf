// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.io.DataOutputStream;
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
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A row of numbers for each picture, in memory or in a safetensors file whose name is a hash of what it is of. */
final class LatentRows implements AutoCloseable {
    private static final String PREFIX = "latents-";
    private static final String SUFFIX = ".safetensors";
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

        long bytes() {
            return 4L * numbers() * variants * count;
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

    /** @param row all variants of a picture one after the other, {@code null} where it cannot be read */
    static LatentRows inMemory(About about, IntFunction<float @Nullable []> row) {
        float[] @Nullable [] rows = new float[about.count()][];
        byte[] readable = new byte[about.count()];
        for (int i = 0; i < rows.length; i++) {
            float[] made = row.apply(i);
            readable[i] = (byte) (made == null ? 0 : 1);
            rows[i] = made == null ? new float[0] : made;
        }
        return new LatentRows(about, rows, null, 0, readable);
    }

    /**
     * From the file of these rows in a folder, which is written where it is not there.
     *
     * @throws Problem (a failure) where there is one of other rows
     */
    static LatentRows inFile(About about, Path folder, IntFunction<float @Nullable []> row) {
        Path place = folder.resolve(about.fileName());
        refuseOthers(folder, place, about);
        if (!Files.exists(place)) {
            write(about, place, row);
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

    private static void write(About about, Path place, IntFunction<float @Nullable []> row) {
        byte[] header = header(about);
        byte[] readable = new byte[about.count()];
        AtomicFile.write(place, stream -> {
            DataOutputStream out = new DataOutputStream(stream);
            out.writeLong(Long.reverseBytes(header.length));
            out.write(header);
            ByteBuffer bytes =
                    ByteBuffer.allocate(4 * about.numbers() * about.variants()).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < about.count(); i++) {
                float[] made = row.apply(i);
                readable[i] = (byte) (made == null ? 0 : 1);
                bytes.clear();
                bytes.asFloatBuffer().put(made == null ? new float[about.numbers() * about.variants()] : made);
                out.write(bytes.array());
            }
            out.write(readable);
            out.flush();
        });
    }

    private static byte[] header(About about) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("__metadata__", about.metadata());
        List<Long> shape = LongStream.concat(
                        LongStream.of(about.count(), about.variants()), Arrays.stream(about.shape()))
                .boxed()
                .toList();
        json.put("moments", tensor("F32", shape, 0, about.bytes()));
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

    boolean isReadable(int index) {
        return readable[index] != 0;
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
                    java.util.Objects.requireNonNull(file),
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
