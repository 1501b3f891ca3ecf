// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** Writes a component's weights under the names that diffusers gives them ({@code modeling_utils.py}). */
public final class WeightWriter {
    /** Bytes of a file from which on several are written, as in diffusers. */
    public static final long MAX_SHARD_BYTES = 10_000_000_000L;

    private static final Map<String, String> METADATA = Map.of("format", "pt");
    private static final Map<String, ScalarType> VARIANTS =
            new TreeMap<>(Map.of("fp16", ScalarType.Half, "bf16", ScalarType.BFloat16));

    private final String stem;
    private final String index;
    private final @Nullable ScalarType type;

    /**
     * @param variant {@code fp16} or {@code bf16}: floating-point weights are written so; {@code null} for the plain files, in the
     *     weights' own format
     */
    public WeightWriter(@Nullable String variant) {
        this(WeightFiles.STEM, variant);
    }

    /**
     * As {@link #WeightWriter(String)} under another name.
     *
     * @param stem what the files' names begin with
     */
    public WeightWriter(String stem, @Nullable String variant) {
        Check.that(
                variant == null || VARIANTS.containsKey(variant),
                "variant must be one of " + String.join(", ", VARIANTS.keySet()) + ", but was '" + variant + "'");
        String dotted = variant == null ? "" : "." + variant;
        this.stem = stem + dotted;
        this.index = stem + ".safetensors.index" + dotted + ".json";
        this.type = variant == null ? null : VARIANTS.get(variant);
    }

    /**
     * Writes one file, or several with an index where they would be larger than {@code maxShardBytes}; then deletes what an
     * earlier save left of this variant under other names. A single tensor is never split.
     *
     * @throws Problem (a failure) where it cannot be written
     */
    public void write(Path folder, Map<String, Tensor> weights, long maxShardBytes) {
        Map<String, Long> sizes = new LinkedHashMap<>();
        weights.forEach((name, tensor) -> sizes.put(name, size(tensor)));
        write(folder, sizes, maxShardBytes, (file, names) -> {
            Map<String, Tensor> some = new LinkedHashMap<>();
            names.forEach(name -> some.put(name, Objects.requireNonNull(weights.get(name))));
            writeFile(file, some);
        });
    }

    /**
     * As {@link #write(Path, Map, long)} from a source, with one tensor in memory at a time.
     *
     * @param as the format that a tensor of a given format is written in
     */
    public void write(Path folder, WeightSource weights, UnaryOperator<DType> as, long maxShardBytes) {
        Map<String, Long> sizes = new LinkedHashMap<>();
        weights.tensors()
                .forEach((name, info) ->
                        sizes.put(name, info.count() * as.apply(info.dtype()).bytes()));
        write(folder, sizes, maxShardBytes, (file, names) -> Safetensors.copy(file, weights, names, as, METADATA));
    }

    private void write(Path folder, Map<String, Long> sizes, long maxShardBytes, BiConsumer<Path, List<String>> body) {
        Check.positive(maxShardBytes, "the largest size of a file");
        List<List<String>> shards = split(sizes, maxShardBytes);
        if (shards.size() == 1) {
            body.accept(folder.resolve(stem + ".safetensors"), shards.get(0));
            delete(folder, index::equals);
            delete(folder, name -> isShard(name));
            return;
        }
        Map<String, Object> places = new TreeMap<>();
        Map<String, Object> files = new LinkedHashMap<>();
        for (int i = 0; i < shards.size(); i++) {
            String name = String.format(Locale.ROOT, "%s-%05d-of-%05d.safetensors", stem, i + 1, shards.size());
            body.accept(folder.resolve(name), shards.get(i));
            shards.get(i).forEach(tensor -> places.put(tensor, name));
            files.put(name, true);
        }
        long total = sizes.values().stream().mapToLong(Long::longValue).sum();
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("metadata", Map.of("total_size", total));
        json.put("weight_map", places);
        AtomicFile.write(folder.resolve(index), Json.pretty(json));
        Set<String> kept = files.keySet();
        delete(folder, name -> name.equals(stem + ".safetensors") || isShard(name) && !kept.contains(name));
    }

    private boolean isShard(String name) {
        return name.matches(Pattern.quote(stem) + "-\\d{5}-of-\\d{5}\\.safetensors");
    }

    private static List<List<String>> split(Map<String, Long> sizes, long maxShardBytes) {
        List<List<String>> shards = new ArrayList<>();
        shards.add(new ArrayList<>());
        long bytes = 0;
        for (Map.Entry<String, Long> entry : sizes.entrySet()) {
            if (bytes > 0 && bytes + entry.getValue() > maxShardBytes) {
                shards.add(new ArrayList<>());
                bytes = 0;
            }
            shards.get(shards.size() - 1).add(entry.getKey());
            bytes += entry.getValue();
        }
        return shards;
    }

    private boolean isConverted(Tensor tensor) {
        return type != null && tensor.is_floating_point();
    }

    private long size(Tensor tensor) {
        return isConverted(tensor) ? 2 * tensor.numel() : Tensors.byteSize(tensor);
    }

    private void writeFile(Path file, Map<String, Tensor> weights) {
        TensorScope.run(() -> {
            Map<String, Tensor> converted = new LinkedHashMap<>();
            weights.forEach((name, tensor) -> converted.put(
                    name, isConverted(tensor) ? plain(tensor).detach().to(type) : tensor));
            Safetensors.write(file, converted, METADATA);
        });
    }

    /** Weights that oneDNN has put in its own order, in the usual one. */
    private static Tensor plain(Tensor tensor) {
        return tensor.is_mkldnn() ? tensor.to_dense() : tensor;
    }

    private static void delete(Path folder, Predicate<String> names) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(file -> names.test(file.getFileName().toString()))
                    .toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw Problem.failure("cannot remove the old weights in " + folder + ": " + AtomicFile.reason(e), e);
        }
    }
}
