// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** A part of another source, under shorter names; see {@link WeightSource#under}. */
final class PrefixedWeights implements WeightSource {
    private final WeightSource whole;
    private final String prefix;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    PrefixedWeights(WeightSource whole, String prefix) {
        this.whole = whole;
        this.prefix = prefix;
        whole.tensors().forEach((name, info) -> {
            if (name.startsWith(prefix)) {
                String rest = name.substring(prefix.length());
                tensors.put(rest, new TensorInfo(rest, info.dtype(), info.shape()));
            }
        });
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public Map<String, String> metadata() {
        return whole.metadata();
    }

    @Override
    public void read(String name, Tensor target) {
        whole.read(prefix + name, target);
    }

    @Override
    public void close() {
        whole.close();
    }

    @Override
    public String toString() {
        return whole + " (" + prefix + "*)";
    }
}
