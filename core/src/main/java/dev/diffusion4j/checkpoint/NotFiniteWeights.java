// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import static org.bytedeco.pytorch.global.torch.isfinite;

import dev.diffusion4j.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Finds weights that no network can compute with. */
public final class NotFiniteWeights {
    private NotFiniteWeights() {}

    /**
     * Reads all tensors, one at a time.
     *
     * @return how many numbers are NaN or infinite, for each tensor that holds any
     */
    public static Map<String, Long> countIn(WeightSource weights) {
        Map<String, Long> found = new LinkedHashMap<>();
        weights.tensors().forEach((name, info) -> {
            DType.Kind kind = info.dtype().kind();
            if (kind != DType.Kind.FLOATING && kind != DType.Kind.COMPLEX) {
                return;
            }
            long count = TensorScope.compute(() -> {
                Tensor values = weights.read(name);
                // LibTorch looks at numbers of eight bits only in another dtype
                Tensor wide = info.dtype().bytes() == 1 ? values.to(ScalarType.Float) : values;
                return isfinite(wide).logical_not().sum().item_long();
            });
            if (count > 0) {
                found.put(name, count);
            }
        });
        return found;
    }
}
