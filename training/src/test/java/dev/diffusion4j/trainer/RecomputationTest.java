// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.adapter.Lora;
import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.folder.Companions;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionModel;
import dev.diffusion4j.objective.AutoencoderObjective;
import dev.diffusion4j.objective.AutoencoderSettings;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.DenoisingSettings;
import dev.diffusion4j.objective.LossType;
import dev.diffusion4j.objective.LossWeighting;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.pipeline.CompanionParts;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Activations that are computed again give the same losses and the same gradients, with dropout too; in bf16 to its rounding. */
class RecomputationTest {
    private static final Path NET = Path.of("../core/src/test/resources/golden/tiny-sd");
    private static final List<@Nullable String> CAPTIONS = List.of("a red cat", "a blue dog");
    /** Of each by itself: what a block gives its time's embedding is summed in another order, which moved one of 2.7e-3 by 3.6e-9. */
    private static final double ALLOWED = 3e-6;
    /** Of all together: the sums of gradients are rounded in another order. */
    private static final double ALLOWED_IN_BF16 = 1e-2;

    @Test
    void gradients_of_a_denoiser_and_of_its_text_encoder_are_the_same() {
        for (Precision dtype : List.of(Precision.F32, Precision.BF16)) {
            for (Task task : List.<Task>of(this::denoiser, this::adapted)) {
                assertSame(task, new Choices(dtype, false, 1, 1, 0, "any", "cpu"));
                assertSame(task, new Choices(dtype, true, 2, 2, 0, "any", "cpu"));
            }
        }
    }

    @Test
    void gradients_of_an_autoencoder_are_the_same() {
        assertSame(this::autoencoder, new Choices(Precision.F32, true, 2, 2, 0, "any", "cpu"));
    }

    /** Makes an objective and gives it away. */
    private interface Task {
        void run(boolean channelsLast, java.util.function.Consumer<Objective> body);
    }

    private void denoiser(boolean channelsLast, java.util.function.Consumer<Objective> body) {
        denoiser(false, channelsLast, body);
    }

    /** With low-rank products that each picture sees at a strength of its own. */
    private void adapted(boolean channelsLast, java.util.function.Consumer<Objective> body) {
        denoiser(true, channelsLast, body);
    }

    private void denoiser(boolean adapted, boolean channelsLast, java.util.function.Consumer<Objective> body) {
        PipelineFolder folder = PipelineFolder.open(NET);
        Map<String, @Nullable Object> config = new LinkedHashMap<>(Json.readObject(NET.resolve("unet/config.json")));
        config.put("dropout", 0.2);
        Companions beside = Companions.of(folder, ModelFamilies.BUILT_IN);
        try (DiffusionModel model = UNet2DConditionModel.fromConfig(config);
                RandomStream random = new RandomStream(5);
                PipelineParts parts = CompanionParts.open(
                        beside, model, Set.of("text_encoder"), Precision.F32, Set.of(), read -> {})) {
            model.initialize(random);
            if (adapted) {
                inject(model, random);
            }
            parts.networks().values().forEach(network -> network.requiresGrad(false));
            Objective objective = new DenoisingObjective(
                    model,
                    folder.readScheduler(),
                    parts.conditioner(),
                    parts.codec(model, folder.readScheduler()),
                    DenoisingSettings.of(LossType.MSE, LossWeighting.UNIFORM)
                            .withLeastStrengths(adapted ? List.of(0.2, 0.5) : List.of()));
            learn(objective, channelsLast, body);
        }
    }

    private static void inject(Model model, RandomStream random) {
        Lora.inject(model, LoraConfig.DEFAULT.withTargets(List.of("to_q", "to_v", "conv1", "ff.net.2")), random);
        try (NoGradGuard guard = new NoGradGuard()) {
            Lora.weights(model).forEach((name, weight) -> random.normal(weight, 0, 0.2));
        }
    }

    private void autoencoder(boolean channelsLast, java.util.function.Consumer<Objective> body) {
        try (AutoencoderKl model =
                (AutoencoderKl) PipelineFolder.open(NET).network("vae").read(Devices.cpu(), Precision.F32, null)) {
            learn(
                    new AutoencoderObjective(model, new AutoencoderSettings(LossType.MSE, 1e-6, 0), null),
                    channelsLast,
                    body);
        }
    }

    private static void learn(Objective objective, boolean channelsLast, java.util.function.Consumer<Objective> body) {
        objective.networks().values().forEach(network -> {
            network.channelsLast(channelsLast);
            network.requiresGrad(true);
        });
        body.accept(objective);
    }

    private static void assertSame(Task task, Choices choices) {
        TensorScope.run(() -> task.run(choices.channelsLast(), objective -> {
            Map<String, Tensor> plain = new LinkedHashMap<>();
            double loss = step(objective, choices, false, plain);
            Map<String, Tensor> again = new LinkedHashMap<>();
            assertThat(step(objective, choices, true, again)).isEqualTo(loss);
            assertThat(again).hasSameSizeAs(plain);
            double[] squares = new double[2];
            plain.forEach((name, gradient) -> {
                double far = Objects.requireNonNull(again.get(name))
                        .sub(gradient)
                        .norm()
                        .item_float();
                double length = gradient.norm().item_float();
                squares[0] += far * far;
                squares[1] += length * length;
                // softmax takes no notice of a key's bias: its gradient is rounding alone
                if (choices.dtype() == Precision.F32 && !name.matches(".*(to_k|k_proj)\\.bias")) {
                    assertThat(far).as(name).isLessThanOrEqualTo(ALLOWED * length + 1e-12);
                }
            });
            assertThat(Math.sqrt(squares[0])).isLessThanOrEqualTo(ALLOWED_IN_BF16 * Math.sqrt(squares[1]));
        }));
    }

    private static double step(
            Objective objective, Choices choices, boolean recomputes, Map<String, Tensor> gradients) {
        try (StepEngine engine = new StepEngine(choices, recomputes);
                RandomStream random = new RandomStream(11);
                RandomStream one = new RandomStream(0);
                RandomStream two = new RandomStream(1)) {
            TrainingExamples examples =
                    new TrainingExamples(random.randn(2, 3, 16, 16), Tensors.ofLongs(0, 1), CAPTIONS, 0);
            double loss = engine.accumulate(objective.draw(examples, random), 1, List.of(one, two))
                    .loss();
            objective.networks().forEach((prefix, network) -> taken(prefix, network, gradients));
            return loss;
        }
    }

    private static void taken(String prefix, Model network, Map<String, Tensor> gradients) {
        network.namedParameters().forEach((name, parameter) -> {
            Tensor gradient = parameter.grad();
            if (gradient.defined()) {
                gradients.put(prefix + "." + name, gradient.detach().clone());
                parameter.mutable_grad().reset();
            }
        });
    }
}
