// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.spark;

import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Features in Java's memory, which travel, and as tensors, which are computed with. */
final class FeatureRows {
    private FeatureRows() {}

    /** @param features {@code float32 (N, D)} */
    static float[][] of(Tensor features) {
        float[] flat = Tensors.floats(features);
        int count = (int) features.size(0);
        int size = flat.length / Math.max(1, count);
        float[][] rows = new float[count][];
        for (int i = 0; i < count; i++) {
            rows[i] = Arrays.copyOfRange(flat, i * size, (i + 1) * size);
        }
        return rows;
    }

    /** {@code float32 (N, D)}, owned by the current scope. */
    static Tensor tensor(List<float[]> rows) {
        int size = rows.get(0).length;
        float[] flat = new float[Math.multiplyExact(rows.size(), size)];
        for (int i = 0; i < rows.size(); i++) {
            System.arraycopy(rows.get(i), 0, flat, i * size, size);
        }
        return Tensors.of(flat, rows.size(), size);
    }
}
