// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.Tensors;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;

/** How the weights of a network changed since it was made, compared with golden files by random projections. */
final class WeightChanges {
    /** Of the norm of a weight's change. */
    private static final float ALLOWED = 0.01f;

    private static final int SMALL = 16;
    private static final int PROJECTIONS = 4;

    private final Model model;
    private final Map<String, Tensor> start = new TreeMap<>();

    /** @param model borrowed; copies of its weights belong to the current scope */
    WeightChanges(Model model) {
        this.model = model;
        model.namedParameters()
                .forEach((weight, tensor) ->
                        start.put(weight, tensor.detach().contiguous().clone()));
    }

    /** A projection of a difference of length d on a vector of standard normals is about d; 4 d are next to never there. */
    void check(Safetensors golden, String name) {
        float[] changes = Tensors.floats(golden.read(name + ".changes"));
        float[] norms = Tensors.floats(golden.read(name + ".norms"));
        Map<String, Tensor> end = model.namedParameters();
        try (RandomStream directions = new RandomStream(13)) {
            int at = 0;
            int weight = 0;
            for (Map.Entry<String, Tensor> entry : start.entrySet()) {
                Tensor change = Objects.requireNonNull(end.get(entry.getKey()))
                        .detach()
                        .sub(entry.getValue())
                        .reshape(-1);
                float[] found = Tensors.floats(
                        change.numel() <= SMALL
                                ? change
                                : directions.randn(PROJECTIONS, change.numel()).matmul(change));
                // softmax takes no notice of a key's bias: its gradient is rounding alone, and Adam makes it large
                boolean isOfKey =
                        entry.getKey().endsWith("to_k.bias") || entry.getKey().endsWith("k_proj.bias");
                float allowed = isOfKey ? Float.MAX_VALUE : 4 * ALLOWED * norms[weight];
                for (float one : found) {
                    assertThat(one)
                            .as("change of %s, which is %s long", entry.getKey(), norms[weight])
                            .isCloseTo(changes[at++], within(allowed));
                }
                weight++;
            }
            assertThat(at).isEqualTo(changes.length);
        }
    }
}
