// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.autoencoder.AutoencoderKl;
import dev.diffusion4j.model.classifier.ConvClassifier;
import dev.diffusion4j.model.classifier.ConvClassifierConfig;
import dev.diffusion4j.objective.AutoencoderObjective;
import dev.diffusion4j.objective.AutoencoderSettings;
import dev.diffusion4j.objective.LossType;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Five steps of an autoencoder's training equal PyTorch's and diffusers': each of its losses, and how every weight changed. */
class AutoencoderGoldenTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/autoencoder_training.safetensors");
    private static final Path NET = Path.of("../core/src/test/resources/golden/tiny-sd");

    @ParameterizedTest
    @ValueSource(strings = {"l1", "features"})
    void equals_pytorch(String name) {
        check(name, new Choices(Precision.F32, false, 1, 1, 0, "any", "cpu"));
        check(name, new Choices(Precision.F32, true, 2, 2, 0, "any", "cpu"));
    }

    private static void check(String name, Choices choices) {
        TensorScope.run(() -> {
            try (Safetensors golden = Safetensors.open(GOLDEN);
                    ConvClassifier eye = eye(golden);
                    AutoencoderKl model = (AutoencoderKl)
                            PipelineFolder.open(NET).network("vae").read(Devices.cpu(), Precision.F32, null)) {
                model.channelsLast(choices.channelsLast());
                model.requiresGrad(true);
                WeightChanges changes = new WeightChanges(model);
                Map<String, @Nullable Object> options = Json.parseObject(
                        Objects.requireNonNull(golden.metadata().get(name)), name);
                double weight = ((Number) Objects.requireNonNull(options.get("feature_weight"))).doubleValue();
                AutoencoderSettings settings = new AutoencoderSettings(
                        "l1".equals(options.get("loss")) ? LossType.L1 : LossType.MSE,
                        ((Number) Objects.requireNonNull(options.get("kl_weight"))).doubleValue(),
                        weight);
                train(new AutoencoderObjective(model, settings, weight > 0 ? eye : null), choices, golden, name);
                changes.check(golden, name);
            }
        });
    }

    private static ConvClassifier eye(Safetensors golden) {
        ConvClassifier eye = new ConvClassifier(new ConvClassifierConfig(
                SampleSize.square(16), 3, 2, List.of(4, 6), 2, 0.25, 0.5, 0.5, true, List.of()));
        try (RandomStream random = new RandomStream(0)) {
            eye.initialize(random); // the linear layers are not looked at
        }
        eye.namedParameters().forEach((name, weight) -> {
            if (name.startsWith("conv")) {
                golden.read("classifier." + name, weight);
            }
        });
        eye.requiresGrad(false);
        return eye;
    }

    private static void train(AutoencoderObjective objective, Choices choices, Safetensors golden, String name) {
        float[] losses = Tensors.floats(golden.read(name + ".losses"));
        float[] parts = Tensors.floats(golden.read(name + ".parts"));
        AdamConfig adam = new AdamConfig(AdamConfig.Variant.ADAMW, 1e-3, 0.9, 0.999, 1e-8, 0.01, false);
        try (StepEngine engine = new StepEngine(choices);
                AdamOptimizer optimizer = new AdamOptimizer(objective.model().namedParameters(), adam);
                RandomStream random = new RandomStream(11);
                RandomStream dropout = new RandomStream(0);
                RandomStream other = new RandomStream(1)) {
            for (int step = 0; step < losses.length; step++) {
                StepLosses found = TensorScope.compute(() -> {
                    Tensor pictures = random.randn(4, 3, 16, 16);
                    TrainingExamples examples = new TrainingExamples(
                            pictures, Tensors.ofLongs(0, 0, 0, 0), Collections.nCopies(4, null), 0);
                    return engine.accumulate(objective.draw(examples, random), 1, List.of(dropout, other));
                });
                optimizer.step(1e-3, 1);
                optimizer.clearGradients();
                assertThat(found.loss()).isCloseTo(losses[step], within(2e-4 * losses[step]));
                assertThat(found.tracked().get(AutoencoderObjective.RECONSTRUCTION))
                        .isCloseTo(parts[3 * step], within(2e-4 * parts[3 * step]));
                assertThat(found.tracked().get(AutoencoderObjective.DIVERGENCE))
                        .isCloseTo(parts[3 * step + 1], within(2e-4 * parts[3 * step + 1]));
            }
        }
    }
}
