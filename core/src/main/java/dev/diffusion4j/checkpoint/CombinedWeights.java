// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;

/** Several sources in one; no name may be in two of them. Closing it closes them. */
public final class CombinedWeights implements WeightSource {
    private final List<WeightSource> sources;
    private final Map<String, TensorInfo> infos = new LinkedHashMap<>();
    private final Map<String, WeightSource> places = new LinkedHashMap<>();

    public CombinedWeights(List<WeightSource> sources) {
        this.sources = List.copyOf(sources);
        this.sources.forEach(source -> source.tensors().forEach((name, info) -> {
            infos.put(name, info);
            if (places.put(name, source) != null) {
                throw new IllegalArgumentException("two sources hold a tensor '" + name + "'");
            }
        }));
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(infos);
    }

    /** Those of the first source. */
    @Override
    public Map<String, String> metadata() {
        return sources.isEmpty() ? Map.of() : sources.get(0).metadata();
    }

    @Override
    public void read(String name, Tensor target) {
        WeightSource.checkTarget(this, name, target);
        Objects.requireNonNull(places.get(name)).read(name, target);
    }

    @Override
    public void close() {
        sources.forEach(WeightSource::close);
    }

    @Override
    public String toString() {
        return sources.toString();
    }
}
