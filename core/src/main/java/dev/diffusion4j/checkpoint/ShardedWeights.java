// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Weights spread over several files of either kind, with an index ({@code weight_map}) that says which is where. */
public final class ShardedWeights implements WeightSource {
    /** Beside the index, on every system: no folders, no drive, nothing hidden. */
    private static final Pattern FILE_NAME =
            Pattern.compile("[\\w\\-][\\w.\\- ]{0,254}", Pattern.UNICODE_CHARACTER_CLASS);

    private final Path index;
    private final Map<String, WeightSource> shards = new LinkedHashMap<>();
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final Map<String, WeightSource> places = new LinkedHashMap<>();

    private ShardedWeights(Path index) {
        this.index = index;
    }

    /**
     * Opens all shards that the index names, which must lie beside it.
     *
     * @throws Problem (a failure) naming the file and what is wrong
     */
    public static ShardedWeights open(Path index) {
        ShardedWeights weights = new ShardedWeights(index);
        try {
            weights.openShards();
            return weights;
        } catch (Throwable e) {
            weights.close();
            throw e;
        }
    }

    /**
     * An index and the files that it names, which need not be there.
     *
     * @throws Problem (a failure) where it is no index
     */
    static List<Path> files(Path index) {
        List<Path> files = new ArrayList<>(List.of(index));
        if (Json.readObject(index).get("weight_map") instanceof Map<?, ?> map) {
            map.values().stream()
                    .map(String::valueOf)
                    .filter(FILE_NAME.asMatchPredicate())
                    .distinct()
                    .sorted()
                    .map(index::resolveSibling)
                    .forEach(files::add);
        }
        return files;
    }

    private void openShards() {
        Map<String, @Nullable Object> json = Json.readObject(index);
        if (!(json.get("weight_map") instanceof Map<?, ?> map)) {
            throw Problem.failure(index + " has no weight_map");
        }
        map.forEach((key, value) -> {
            String name = (String) key;
            if (!(value instanceof String file) || !FILE_NAME.matcher(file).matches()) {
                throw Problem.failure(index + ": the file of tensor '" + name + "' must be a plain file name, but is "
                        + Json.describe(value));
            }
            WeightSource shard = shards.computeIfAbsent(file, f -> WeightFiles.openFile(index.resolveSibling(f)));
            TensorInfo info = shard.tensors().get(name);
            if (info == null) {
                throw Problem.failure(index + " says that tensor '" + name + "' is in " + file + ", but it is not");
            }
            tensors.put(name, info);
            places.put(name, shard);
        });
        shards.forEach((file, shard) -> shard.tensors().keySet().forEach(name -> {
            if (places.get(name) != shard) {
                throw Problem.failure(index + " does not list tensor '" + name + "', which is in " + file);
            }
        }));
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public Map<String, String> metadata() {
        return shards.isEmpty() ? Map.of() : shards.values().iterator().next().metadata();
    }

    @Override
    public void read(String name, Tensor target) {
        WeightSource.checkTarget(this, name, target);
        Objects.requireNonNull(places.get(name)).read(name, target);
    }

    @Override
    public void close() {
        shards.values().forEach(WeightSource::close);
    }

    @Override
    public String toString() {
        return index.toString();
    }
}
