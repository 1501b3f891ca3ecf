// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.model.unet2d.UNet2DConfig;
import dev.diffusion4j.model.unet2d.UNet2DModel;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.LossType;
import dev.diffusion4j.objective.LossWeighting;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Five steps of training equal PyTorch's and diffusers': losses, and how every weight changed, by random projections. */
class TrainingGoldenTest {
    private static final String NET =
            """
            {"sample_size": 8, "in_channels": 3, "out_channels": 3, "layers_per_block": 1, "block_out_channels": [16, 32],
             "norm_num_groups": 8, "down_block_types": ["DownBlock2D", "AttnDownBlock2D"],
             "up_block_types": ["AttnUpBlock2D", "UpBlock2D"]}""";

    private static Safetensors golden() {
        try {
            return Safetensors.open(
                    Path.of(Objects.requireNonNull(TrainingGoldenTest.class.getResource("/golden/training.safetensors"))
                            .toURI()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static Stream<String> cases() {
        try (Safetensors golden = golden()) {
            return golden.metadata().keySet().stream().sorted().toList().stream();
        }
    }

    /** One shard and plain memory, then two shards with channels last and the vector kernels: the same within f32. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void equals_pytorch(String name) {
        check(name, new Choices(Precision.F32, false, 1, 1, 0, "any", "cpu"));
        check(name, new Choices(Precision.F32, true, 2, 2, 0, "any", "cpu"));
    }

    private static void check(String name, Choices choices) {
        TensorScope.run(() -> {
            try (Safetensors golden = golden();
                    RandomStream initial = new RandomStream(7);
                    RandomStream random = new RandomStream(11);
                    UNet2DModel model =
                            new UNet2DModel(Records.bind(UNet2DConfig.DEFAULT, Json.parseObject(NET, "net"), "net"))) {
                Map<String, @Nullable Object> options = Json.parseObject(
                        Objects.requireNonNull(golden.metadata().get(name)), name);
                model.initialize(initial);
                model.channelsLast(choices.channelsLast());
                model.requiresGrad(true);
                WeightChanges changes = new WeightChanges(model);
                float[] losses = train(model, options, random, choices);
                float[] expected = Tensors.floats(golden.read(name + ".losses"));
                for (int i = 0; i < losses.length; i++) {
                    assertThat(losses[i])
                            .as("loss of step %d", i + 1)
                            .isCloseTo(expected[i], within(2e-4f * expected[i]));
                }
                changes.check(golden, name);
            }
        });
    }

    private static float[] train(
            UNet2DModel model, Map<String, @Nullable Object> options, RandomStream random, Choices choices) {
        AdamConfig adam = new AdamConfig(
                "adam".equals(options.get("optimizer")) ? AdamConfig.Variant.ADAM : AdamConfig.Variant.ADAMW,
                1e-3,
                0.9,
                0.999,
                1e-8,
                number(options, "weight_decay", 0.01),
                false);
        DenoisingObjective objective = new DenoisingObjective(
                model,
                SchedulerKind.DDPM.create(Map.of("prediction_type", options.getOrDefault("prediction", "epsilon"))),
                Records.with(new LossHolder(LossType.MSE), "loss", options.getOrDefault("loss", "mse"))
                        .loss(),
                weighting(options));
        LearningRateSchedule schedule = Records.with(
                LearningRateSchedule.DEFAULT,
                Map.of("name", options.getOrDefault("schedule", "constant"), "warmup_steps", (long)
                        number(options, "warmup", 0)));
        int accumulate = (int) number(options, "accumulate", 1);
        double clip = number(options, "clip", 0);
        float[] losses = new float[5];
        try (StepEngine engine = new StepEngine(choices);
                AdamOptimizer optimizer = new AdamOptimizer(model.namedParameters(), adam);
                RandomStream dropout = new RandomStream(0);
                RandomStream other = new RandomStream(1);
                GradientSum sum = new GradientSum(model.namedParameters().values());
                Ema ema = new Ema(model.stateDict(), new EmaConfig(EmaConfig.Form.WARMUP, 0.9999, 1, 0.75))) {
            for (int step = 0; step < losses.length; step++) {
                for (int k = 0; k < accumulate; k++) {
                    losses[step] += (float) (TensorScope.compute(() -> {
                                TrainingExamples examples = new TrainingExamples(
                                        random.randn(4, 3, 8, 8),
                                        Tensors.ofLongs(0, 0, 0, 0),
                                        java.util.Collections.nCopies(4, null),
                                        0);
                                return engine.accumulate(
                                                objective.draw(examples, random),
                                                1.0 / accumulate,
                                                List.of(dropout, other))
                                        .loss();
                            })
                            / accumulate);
                    sum.take();
                }
                sum.give();
                double divisor = clip == 0
                        ? 1
                        : GradientClipping.divisor(
                                GradientClipping.norm(model.namedParameters().values()), clip);
                optimizer.step(1e-3 * schedule.factor(step, 5, 0, 1e-3), divisor);
                optimizer.clearGradients();
                ema.update();
            }
            if (Boolean.TRUE.equals(options.get("ema"))) {
                ema.whileApplied(() -> {
                    Map<String, Tensor> average = ema.state(); // the live weights, while the average is applied
                    assertThat(average).isNotEmpty();
                });
                copy(ema, model);
            }
        }
        return losses;
    }

    private static void copy(Ema ema, UNet2DModel model) {
        try (org.bytedeco.pytorch.NoGradGuard guard = new org.bytedeco.pytorch.NoGradGuard()) {
            model.namedParameters()
                    .forEach((name, tensor) ->
                            tensor.copy_(Objects.requireNonNull(ema.state().get(name))));
        }
    }

    /** For reading one enum by its key. */
    record LossHolder(LossType loss) {}

    private static LossWeighting weighting(Map<String, @Nullable Object> options) {
        if (options.containsKey("min_snr")) {
            return LossWeighting.minSnr(number(options, "min_snr", 5));
        }
        return Boolean.TRUE.equals(options.get("snr")) ? LossWeighting.snr() : LossWeighting.UNIFORM;
    }

    private static double number(Map<String, @Nullable Object> options, String key, double fallback) {
        return options.get(key) instanceof Number number ? number.doubleValue() : fallback;
    }
}
