// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.LossType;
import dev.diffusion4j.objective.LossWeighting;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.objective.TrainingExamples;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** A loss that is no number is put down to what made it so. */
class NotFiniteTest {
    private static final TrainerConfig CONFIG = TrainerConfig.DEFAULT;

    private static String message(DiffusionModel net, LossWeighting weighting, float picture, Precision dtype) {
        return TensorScope.compute(() -> {
            Choices choices = new Choices(dtype, false, 1, 1, 0, "any", "cpu");
            try (RandomStream random = new RandomStream(1);
                    TrainState state = new TrainState(TrainedPart.of(Map.of("", net), CONFIG), CONFIG, choices)) {
                Objective objective =
                        new DenoisingObjective(net, SchedulerKind.DDPM.create(Map.of()), LossType.MSE, weighting);
                Tensor images = random.rand(2, 3, 8, 8).mul(new Scalar(picture));
                Objective.Task task = objective.draw(
                        new TrainingExamples(images, Tensors.ofLongs(0, 0), Collections.nCopies(2, null), 0), random);
                return Objects.requireNonNull(new NotFinite(state, CONFIG, choices)
                        .ofLoss(Double.NaN, 1e-4, task)
                        .getMessage());
            }
        });
    }

    @Test
    void pictures_weights_of_the_loss_and_of_the_network_are_told_apart() {
        try (DiffusionModel net = TinyNets.unet(5)) {
            assertThat(message(net, LossWeighting.UNIFORM, Float.NaN, Precision.F32))
                    .contains("the loss became NaN at step 1", "the noisy pictures are not finite at timestep");
            assertThat(message(net, (signal, noise, type) -> Double.NaN, 1, Precision.F32))
                    .contains("the weight of the loss is not finite", "objective.weighting");
            assertThat(message(net, LossWeighting.UNIFORM, 1, Precision.BF16))
                    .contains("training.optimizer.learning_rate", "training.clip_grad_norm", "training.dtype to f32");
            assertThat(message(net, LossWeighting.UNIFORM, 1, Precision.F32)).doesNotContain("training.dtype");
            try (NoGradGuard guard = new NoGradGuard()) {
                Objects.requireNonNull(net.stateDict().get("conv_in.bias")).fill_(new Scalar(Double.NaN));
            }
            assertThat(message(net, LossWeighting.UNIFORM, 1, Precision.F32))
                    .contains("conv_in.bias holds numbers that are not finite", "before the first update");
        }
    }
}
