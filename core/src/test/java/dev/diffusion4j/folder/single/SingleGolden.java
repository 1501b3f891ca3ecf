// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** The single files of oracle/golden_single_file.py, and what diffusers makes of them. */
final class SingleGolden {
    private static final Map<String, @Nullable Object> ALL = read();

    private final Map<String, @Nullable Object> entry;

    private SingleGolden(Map<String, @Nullable Object> entry) {
        this.entry = entry;
    }

    /** A small model whose weights both sides draw. */
    static SingleGolden tiny(String name) {
        return new SingleGolden(Json.object(Json.object(ALL.get("tiny")).get(name)));
    }

    /** The names and shapes of a real model. */
    static SingleGolden real(String name) {
        return new SingleGolden(Json.object(Json.object(ALL.get("real")).get(name)));
    }

    /** The checkpoint of a training. */
    static SingleGolden checkpoint() {
        return new SingleGolden(Json.object(ALL.get("checkpoint")));
    }

    private static Map<String, @Nullable Object> read() {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(Golden.path("single_file.json.gz")))) {
            return Json.parseObject(new String(in.readAllBytes(), StandardCharsets.UTF_8), "golden");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String text(String key) {
        return String.valueOf(entry.get(key));
    }

    /** The configs by part. */
    Map<String, @Nullable Object> configs() {
        return Json.object(entry.get("configs"));
    }

    /** The hashes of the tensors that diffusers gives a part. */
    Map<String, @Nullable Object> hashes(String part) {
        return new TreeMap<>(Json.object(Json.object(entry.get("parts")).get(part)));
    }

    Map<String, long[]> shapes() {
        Map<String, long[]> shapes = new TreeMap<>();
        Json.object(entry.get("tensors"))
                .forEach((name, shape) -> shapes.put(
                        name,
                        ((List<?>) shape)
                                .stream().mapToLong(size -> (Long) size).toArray()));
        return shapes;
    }

    /** Writes the file as Python draws and writes it. */
    void write(Path file, Map<String, String> metadata) {
        write(file, metadata, ScalarType.Half);
    }

    void write(Path file, Map<String, String> metadata, ScalarType type) {
        TensorScope.run(() -> {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            try (RandomStream random = new RandomStream(7)) {
                shapes().forEach((name, shape) -> tensors.put(
                        name, random.randn(shape).to(ScalarType.Half).to(type)));
            }
            Safetensors.write(file, tensors, metadata);
        });
    }

    /** A file of these names and shapes with one byte for a number, none of which is on the disk. */
    void writeHole(Path file) throws IOException {
        Map<String, @Nullable Object> header = new LinkedHashMap<>();
        long end = 0;
        for (Map.Entry<String, long[]> tensor : shapes().entrySet()) {
            long begin = end;
            end += java.util.Arrays.stream(tensor.getValue()).reduce(1, Math::multiplyExact);
            header.put(
                    tensor.getKey(),
                    Map.of(
                            "dtype",
                            "F8_E4M3",
                            "shape",
                            java.util.Arrays.stream(tensor.getValue()).boxed().toList(),
                            "data_offsets",
                            List.of(begin, end)));
        }
        byte[] json = Json.compact(header).getBytes(StandardCharsets.UTF_8);
        try (FileChannel out = FileChannel.open(
                file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, json.length));
            out.write(ByteBuffer.wrap(json));
            out.write(ByteBuffer.allocate(1), 8 + json.length + end - 1);
        }
    }

    /** The folder that says how many heads there are, which no file does, with a vocabulary for each text encoder. */
    Path configFolder(Path folder) throws IOException {
        Map<String, @Nullable Object> index = new LinkedHashMap<>();
        index.put("_class_name", text("pipeline"));
        for (Map.Entry<String, @Nullable Object> part : configs().entrySet()) {
            Path own = Files.createDirectories(folder.resolve(part.getKey()));
            Files.writeString(own.resolve("config.json"), Json.pretty(part.getValue()));
            if (part.getKey().startsWith("text_encoder")) {
                Path tokenizer =
                        Files.createDirectories(folder.resolve(part.getKey().replace("text_encoder", "tokenizer")));
                for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
                    Files.copy(
                            Golden.path("text/sd1/tokenizer").resolve(file),
                            tokenizer.resolve(file),
                            StandardCopyOption.REPLACE_EXISTING);
                }
            }
        }
        Files.writeString(folder.resolve("model_index.json"), Json.pretty(index));
        Path scheduler = Files.createDirectories(folder.resolve("scheduler"));
        Files.writeString(scheduler.resolve("scheduler_config.json"), "{\"_class_name\": \"DDIMScheduler\"}");
        return folder;
    }

    /** As the golden file has them. */
    static Map<String, String> hashes(WeightSource weights) {
        Map<String, String> hashes = new TreeMap<>();
        weights.tensors()
                .keySet()
                .forEach(name -> TensorScope.run(() -> {
                    Tensor tensor = weights.read(name).contiguous();
                    ByteBuffer bytes = Tensors.memory(tensor, 0, (int) Tensors.byteSize(tensor));
                    hashes.put(name, sha256(bytes).substring(0, 8));
                }));
        return hashes;
    }

    private static String sha256(ByteBuffer bytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes);
            return java.util.HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
