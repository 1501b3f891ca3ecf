// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.adapter.Lora;
import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.DenoisingSettings;
import dev.diffusion4j.objective.LossType;
import dev.diffusion4j.objective.LossWeighting;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.junit.jupiter.api.Test;

/** A picture of the thing sees the LoRA at a strength that is drawn, one of its kind as it is. */
class LeastStrengthTest {
    private static final LoraConfig LORA = LoraConfig.DEFAULT.withTargets(List.of("conv1", "conv2"));

    /** Of a picture under label 0 and of one under label 1, always with the same noise. */
    private static double[] losses(DiffusionModel net, List<Double> least) {
        DenoisingSettings settings = DenoisingSettings.of(LossType.MSE, LossWeighting.UNIFORM);
        DenoisingObjective objective =
                new DenoisingObjective(net, SchedulerKind.DDPM.create(Map.of()), settings.withLeastStrengths(least));
        try (RandomStream random = new RandomStream(3)) {
            TrainingExamples examples = new TrainingExamples(
                    random.randn(2, 3, 8, 8), Tensors.ofLongs(0, 1), Collections.nCopies(2, null), 0);
            var task = objective.draw(examples, random);
            return new double[] {
                task.slice(0, 1).loss().item_float(), task.slice(1, 1).loss().item_float()
            };
        }
    }

    @Test
    void the_strength_is_drawn_for_the_label_that_says_so_between_its_least_one_and_1() {
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard();
                    RandomStream random = new RandomStream(1);
                    DiffusionModel net = TinyNets.unet(5)) {
                double[] bare = losses(net, List.of());
                Lora.inject(net, LORA, random);
                Lora.weights(net).forEach((name, weight) -> random.normal(weight, 0, 0.02));
                double[] full = losses(net, List.of());
                assertThat(losses(net, List.of(1.0, 1.0))).containsExactly(full);
                double[] drawn = losses(net, List.of(0.0, 1.0));
                assertThat(drawn[1]).isCloseTo(full[1], within(1e-6));
                assertThat(drawn[0]).isBetween(Math.min(bare[0], full[0]), Math.max(bare[0], full[0]));
                assertThat(Math.abs(drawn[0] - full[0])).isGreaterThan(1e-4);
            }
        });
    }
}
