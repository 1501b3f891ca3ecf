// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.layer.TrainingMode;
import dev.diffusion4j.model.resunet.ResidualUnet;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The lessons' networks against PyTorch: start weights, names, outputs, gradients, and what batch norm remembers. */
class LessonNetsGoldenTest {
    /** f32 sums in another order; seen: 3e-6. */
    private static final double TOLERANCE = 2e-5;

    static Stream<String> cases() {
        try (Golden golden = Golden.open("lessons")) {
            return golden.metadata().keySet().stream()
                    .filter(name -> !name.endsWith(".names"))
                    .sorted()
                    .toList()
                    .stream();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void equals_pytorch(String name) {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("lessons");
                    RandomStream initial = new RandomStream(7);
                    RandomStream random = new RandomStream(11);
                    DiffusionModel model = create(golden.json(name))) {
                model.initialize(initial);
                assertThat(model.stateDict().keySet()).containsExactlyInAnyOrderElementsOf(names(golden, name));
                if (model instanceof ResidualUnet) {
                    Tensor last = Objects.requireNonNull(model.stateDict().get("conv_out.weight"));
                    assertThat(last.norm().item_float()).isZero();
                    last.copy_(random.randn(Tensors.shape(last)).mul(new Scalar(0.1)));
                }
                Tensor expected = golden.tensor(name + ".out");
                Tensor sample = random.randn(Tensors.shape(expected));
                Tensor target = random.randn(Tensors.shape(expected));
                Tensor time = golden.has(name + ".time") ? golden.tensor(name + ".time") : Tensors.ofDoubles(0);
                Conditioning conditioning = conditioning(golden, name);
                Supplier<Tensor> forward = () -> model.forward(sample, time, conditioning);
                assertClose("output", withoutGradients(forward), expected, TOLERANCE);

                model.requiresGrad(true);
                Tensor loss = TrainingMode.run(random, () -> torch.mse_loss(forward.get(), target));
                loss.backward();
                assertClose("loss", loss, golden.tensor(name + ".loss"), TOLERANCE);
                assertClose("gradients", gradientNorms(model), golden.floats(name + ".grad"), 1e-4);
                assertClose(
                        "output after a step", withoutGradients(forward), golden.tensor(name + ".after"), TOLERANCE);
            }
        });
    }

    private static DiffusionModel create(Map<String, @Nullable Object> description) {
        @SuppressWarnings("unchecked")
        Map<String, @Nullable Object> config =
                (Map<String, @Nullable Object>) Objects.requireNonNull(description.get("config"));
        return (DiffusionModel) ModelFamilies.BUILT_IN
                .named(String.valueOf(description.get("class")), "golden")
                .create(config);
    }

    private static List<String> names(Golden golden, String name) {
        Object names = Json.parse(Objects.requireNonNull(golden.metadata().get(name + ".names")), "names");
        return ((List<?>) Objects.requireNonNull(names))
                .stream().map(String::valueOf).toList();
    }

    /** The second of the pictures is dropped by {@code keep}, where PyTorch was given zeros. */
    private static Conditioning conditioning(Golden golden, String name) {
        if (name.equals("lab_second_dropped")) {
            return Conditioning.ofClasses(Tensors.ofLongs(3, 1)).withKeep(Tensors.of(new float[] {1, 0}, 2));
        }
        return golden.has(name + ".condition")
                ? Conditioning.ofClasses(golden.tensor(name + ".condition"))
                : Conditioning.NONE;
    }

    private static Tensor withoutGradients(Supplier<Tensor> forward) {
        try (NoGradGuard guard = new NoGradGuard()) {
            return forward.get();
        }
    }

    private static float[] gradientNorms(DiffusionModel model) {
        Map<String, Tensor> trained = new TreeMap<>(model.namedParameters());
        trained.values().removeIf(tensor -> !tensor.grad().defined());
        float[] norms = new float[trained.size()];
        int i = 0;
        for (Tensor tensor : trained.values()) {
            norms[i++] = (float) tensor.grad().norm().item_double();
        }
        return norms;
    }

    @ParameterizedTest(name = "{0} has {1} parameters")
    @CsvSource({"LabUnet,2547457", "BasicUnet,309057", "CrossAttentionUnet,32175313", "ResidualUnet,1950627"})
    void parameters_as_in_the_lessons(String kind, long parameters) {
        try (Model model = ModelFamilies.BUILT_IN.named(kind, "test").create(Map.of())) {
            assertThat(model.parameterCount()).isEqualTo(parameters);
        }
    }

    @Test
    void a_condition_is_dropped_only_where_the_network_can() {
        try (DiffusionModel lab = create(Map.of("class", "LabUnet", "config", Map.of()));
                DiffusionModel residual = create(Map.of("class", "ResidualUnet", "config", Map.of()))) {
            assertThat(lab.canDropContext()).isTrue();
            assertThat(residual.canDropContext()).isFalse();
        }
    }
}
