// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.folder.Companions;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.objective.ContextDrop;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.DenoisingSettings;
import dev.diffusion4j.objective.LossType;
import dev.diffusion4j.objective.LossWeighting;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.pipeline.CompanionParts;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Twenty steps of a tiny Stable Diffusion equal the arithmetic of diffusers' {@code train_text_to_image.py}: each loss, and how every
 * weight changed.
 */
class TextTrainingGoldenTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/text_training.safetensors");
    private static final Path NET = Path.of("../core/src/test/resources/golden/tiny-sd");
    private static final List<@Nullable String> CAPTIONS =
            List.of("a red cat", "a blue dog", "a small red dog on a blue ground", "");

    @ParameterizedTest
    @ValueSource(strings = {"plain", "dropped", "text_encoder"})
    void equals_diffusers(String name) {
        check(name, new Choices(Precision.F32, false, 1, 1, 0, "any", "cpu"));
        check(name, new Choices(Precision.F32, true, 2, 2, 0, "any", "cpu"));
    }

    private static void check(String name, Choices choices) {
        TensorScope.run(() -> {
            try (Safetensors golden = Safetensors.open(GOLDEN)) {
                Map<String, @Nullable Object> options = Json.parseObject(
                        Objects.requireNonNull(golden.metadata().get(name)), name);
                PipelineFolder folder = PipelineFolder.open(NET);
                Companions beside = Companions.of(folder, ModelFamilies.BUILT_IN);
                Double textRate = (Double) options.get("text_lr");
                Set<String> learning = textRate == null ? Set.of() : Set.of("text_encoder");
                try (DiffusionModel model =
                                (DiffusionModel) folder.network("unet").read(Devices.cpu(), Precision.F32, null);
                        PipelineParts parts =
                                CompanionParts.open(beside, model, learning, Precision.F32, Set.of(), read -> {})) {
                    train(
                            name,
                            objective(model, parts, scheduler(folder, options), options),
                            textRate,
                            choices,
                            golden);
                }
            }
        });
    }

    private static Scheduler scheduler(PipelineFolder folder, Map<String, @Nullable Object> options) {
        Map<String, @Nullable Object> config =
                new LinkedHashMap<>(folder.readScheduler().config());
        config.put("prediction_type", options.get("prediction"));
        return SchedulerKind.PNDM.create(config);
    }

    private static DenoisingObjective objective(
            DiffusionModel model, PipelineParts parts, Scheduler scheduler, Map<String, @Nullable Object> options) {
        double drop = ((Number) Objects.requireNonNull(options.get("drop"))).doubleValue();
        LossWeighting weighting =
                options.get("snr_gamma") instanceof Double gamma ? LossWeighting.minSnr(gamma) : LossWeighting.UNIFORM;
        parts.networks().values().forEach(network -> network.requiresGrad(false));
        return new DenoisingObjective(
                model,
                scheduler,
                parts.conditioner(),
                parts.codec(model, scheduler),
                new DenoisingSettings(LossType.MSE, weighting, ContextDrop.constant(drop), 1, false));
    }

    private static void train(
            String name, DenoisingObjective objective, @Nullable Double textRate, Choices choices, Safetensors golden) {
        Map<String, Model> networks = objective.networks();
        networks.values().forEach(network -> network.channelsLast(choices.channelsLast()));
        Map<String, ParameterGroup> groups =
                textRate == null ? Map.of() : Map.of("text_encoder", new ParameterGroup(textRate, null));
        TrainerConfig config = TrainerConfig.DEFAULT.with(c -> c.groups = groups);
        TrainedPart trained = TrainedPart.of(networks, config);
        Map<String, WeightChanges> changes = new LinkedHashMap<>();
        networks.forEach((prefix, network) -> changes.put(prefix, new WeightChanges(network)));
        float[] losses = Tensors.floats(golden.read(name + ".losses"));
        try (StepEngine engine = new StepEngine(choices);
                AdamOptimizer optimizer = new AdamOptimizer(trained.parameters(), config.optimizer(), groups);
                RandomStream random = new RandomStream(11);
                RandomStream dropout = new RandomStream(0);
                RandomStream other = new RandomStream(1)) {
            for (int step = 0; step < losses.length; step++) {
                double loss = TensorScope.compute(() -> {
                    TrainingExamples examples = new TrainingExamples(
                            random.randn(4, 3, 16, 16), Tensors.ofLongs(-1, -1, -1, -1), CAPTIONS, 0);
                    return engine.accumulate(objective.draw(examples, random), 1, List.of(dropout, other))
                            .loss();
                });
                double norm = GradientClipping.norm(trained.parameters().values());
                optimizer.step(1e-3, GradientClipping.divisor(norm, 1));
                optimizer.clearGradients();
                assertThat(loss).as("loss of step %d", step + 1).isCloseTo(losses[step], within(1e-5));
            }
        }
        changes.forEach((prefix, own) -> own.check(golden, prefix.isEmpty() ? name : name + "." + prefix));
    }
}
