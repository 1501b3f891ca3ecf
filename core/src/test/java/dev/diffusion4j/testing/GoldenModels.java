// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testing;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.tensor.RandomStream;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** What the tests of whole networks compare with a golden file, beside their outputs. */
public final class GoldenModels {
    private static final String NAMES = ".names_sha256";

    private GoldenModels() {}

    /** The networks of a golden file, by name. */
    public static Stream<String> variants(String file) {
        try (Golden golden = Golden.open(file)) {
            return golden.metadata().keySet().stream().filter(name -> !name.endsWith(NAMES)).sorted().toList().stream();
        }
    }

    /** The weights' names, and the sums of the start values of seed 7. */
    public static void checkStart(Layer model, Golden golden, String variant) {
        try (RandomStream initial = new RandomStream(7)) {
            model.initialize(initial);
        }
        Map<String, Tensor> state = new TreeMap<>(model.stateDict());
        assertThat(Hashes.sha256(Json.compact(List.copyOf(state.keySet()))))
                .as("hash of the weight names %s", state.keySet())
                .isEqualTo(golden.metadata().get(variant + NAMES));
        float[] sums = new float[state.size()];
        int i = 0;
        for (Tensor tensor : state.values()) {
            sums[i++] = (float) tensor.to(ScalarType.Double).sum().item_double();
        }
        assertClose("sums of the weights", sums, golden.floats(variant + ".weights"), 1e-6);
    }

    /** Of each parameter that has a gradient, in the order of the names. */
    public static float[] gradientNorms(Layer model) {
        Map<String, Tensor> trained = new TreeMap<>(model.namedParameters());
        trained.values().removeIf(tensor -> !tensor.grad().defined());
        float[] norms = new float[trained.size()];
        int i = 0;
        for (Tensor tensor : trained.values()) {
            norms[i++] = (float) tensor.grad().norm().item_double();
        }
        return norms;
    }
}
