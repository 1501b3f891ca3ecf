// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import dev.diffusion4j.checkpoint.DType;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightSource;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Tensors without any numbers, whose names say something of a file. */
final class MarkWeights implements WeightSource {
    private final Map<String, TensorInfo> infos = new LinkedHashMap<>();

    MarkWeights(List<String> names) {
        names.forEach(name -> infos.put(name, new TensorInfo(name, DType.F32, List.of(0L))));
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(infos);
    }

    @Override
    public Map<String, String> metadata() {
        return Map.of();
    }

    @Override
    public void read(String name, Tensor target) {
        WeightSource.checkTarget(this, name, target);
    }

    @Override
    public void close() {}
}
