// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.json.Records;
import dev.diffusion4j.layer.TrainingMode;
import dev.diffusion4j.model.Conditioning;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.model.resunet.ResidualUnet;
import dev.diffusion4j.objective.ContextDrop;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.DenoisingSettings;
import dev.diffusion4j.objective.LossType;
import dev.diffusion4j.objective.LossWeighting;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** What the lesson on continuous noise does in a step, worked out by hand. */
class LessonRulesTest {
    private static final Scheduler SCHEDULER = SchedulerKind.CONTINUOUS_COSINE.create(Map.of());

    private static ResidualUnet net() {
        Map<String, Object> config = new LinkedHashMap<>();
        config.put("sample_size", 16L);
        config.put("block_out_channels", List.of(8L, 12L));
        config.put("embedding_dim", 8L);
        ResidualUnet net = (ResidualUnet) ModelKind.RESIDUAL_UNET.create(config);
        try (RandomStream random = new RandomStream(5)) {
            net.initialize(random);
        }
        return net;
    }

    /** TensorFlow Addons' AdamW: w ← w − λ·w, then Keras' Adam, whose ε stands beside the uncorrected √v. */
    @Test
    void decay_independent_of_the_rate_equals_the_addons_rule() {
        AdamConfig config = Records.with(
                AdamConfig.DEFAULT,
                Map.of("weight_decay", 1e-4, "epsilon", 1e-7, "decay_independent_of_lr", true, "learning_rate", 1e-3));
        TensorScope.run(() -> {
            Tensor weight = Tensors.of(new float[] {2f, -3f}, 2);
            weight.set_requires_grad(true);
            try (AdamOptimizer optimizer = new AdamOptimizer(Map.of("w", weight), config)) {
                double[] expected = {2, -3};
                double[] m = new double[2];
                double[] v = new double[2];
                for (int step = 1; step <= 2; step++) {
                    double[] gradient = {0.5 * step, -0.25};
                    weight.mutable_grad().put(Tensors.of(new float[] {0.5f * step, -0.25f}, 2));
                    optimizer.step(config.learningRate(), 1);
                    double rate = 1e-3 * Math.sqrt(1 - Math.pow(0.999, step)) / (1 - Math.pow(0.9, step));
                    for (int i = 0; i < 2; i++) {
                        m[i] = 0.9 * m[i] + 0.1 * gradient[i];
                        v[i] = 0.999 * v[i] + 0.001 * gradient[i] * gradient[i];
                        expected[i] -= 1e-4 * expected[i];
                        expected[i] -= rate * m[i] / (Math.sqrt(v[i]) + 1e-7);
                    }
                    float[] found = Tensors.floats(weight.detach());
                    assertThat((double) found[0]).isCloseTo(expected[0], within(1e-6));
                    assertThat((double) found[1]).isCloseTo(expected[1], within(1e-6));
                }
            }
        });
    }

    @Test
    void the_average_takes_in_running_statistics_too() {
        TensorScope.run(() -> {
            try (ResidualUnet net = net();
                    Ema ema = new Ema(net.stateDict(), new EmaConfig(EmaConfig.Form.CONSTANT, 0.999, 1, 1))) {
                String name = net.stateDict().keySet().stream()
                        .filter(key -> key.endsWith("running_mean"))
                        .findFirst()
                        .orElseThrow();
                Tensor live = java.util.Objects.requireNonNull(net.stateDict().get(name));
                double expected = 0;
                for (double value : new double[] {4, 8}) {
                    live.fill_(new org.bytedeco.pytorch.Scalar(value));
                    ema.update();
                    expected = 0.999 * expected + 0.001 * value;
                }
                assertThat((double)
                                Tensors.floats(java.util.Objects.requireNonNull(
                                        ema.state().get(name)))[0])
                        .isCloseTo(expected, within(1e-7));
            }
        });
    }

    @Test
    void a_batch_is_not_split_where_a_norm_looks_at_all_of_it() {
        try (ResidualUnet net = net()) {
            assertThat(Choices.forThisMachine(new Placement("cpu", Precision.F32, 0), 64, List.of(net))
                            .shards())
                    .isEqualTo(1);
        }
    }

    /** The untrained prediction is zero, so that the loss is the mean of |ε|, and x̂₀ is x/signal. */
    @Test
    void an_untrained_network_has_the_known_losses() {
        TensorScope.run(() -> {
            try (ResidualUnet net = net();
                    RandomStream random = new RandomStream(1);
                    RandomStream dropout = new RandomStream(2)) {
                Objective objective = new DenoisingObjective(
                        net,
                        SCHEDULER,
                        new DenoisingSettings(LossType.L1, LossWeighting.UNIFORM, ContextDrop.NONE, 1, true));
                Tensor images = random.rand(64, 3, 16, 16);
                TrainingExamples examples =
                        new TrainingExamples(images, Tensors.ofLongs(new long[64]), Collections.nCopies(64, null), 0);
                Objective.Task task = objective.draw(examples, random);
                double loss = TrainingMode.run(dropout, () -> task.loss().item_float());
                assertThat(loss).isCloseTo(Math.sqrt(2 / Math.PI), within(0.01));
                try (RandomStream same = new RandomStream(1)) {
                    same.rand(64, 3, 16, 16);
                    Tensor noise = same.randn(64, 3, 16, 16);
                    float[] times = Tensors.floats(same.rand(64));
                    double expected = 0;
                    for (int i = 0; i < 64; i++) {
                        double variance = SCHEDULER.timestepAt(times[i]);
                        double ratio = SCHEDULER.noiseRate(variance) / SCHEDULER.signalRate(variance);
                        expected += ratio * noise.narrow(0, i, 1).abs().mean().item_double() / 64;
                    }
                    assertThat(task.tracked().get(DenoisingObjective.IMAGE_LOSS))
                            .isCloseTo(expected, within(1e-3));
                }
                assertThat(Tensors.floats(net.forward(images, Tensors.ofDoubles(0.5), Conditioning.NONE)))
                        .containsOnly(0f);
            }
        });
    }
}
