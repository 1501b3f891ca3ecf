// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.bytedeco.pytorch.global.torch.isfinite;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/** Why a loss, or a gradient's norm, is no number any more: the inputs, the weights, or the step between them. */
final class NotFinite {
    private final TrainState state;
    private final TrainerConfig config;
    private final Choices choices;

    NotFinite(TrainState state, TrainerConfig config, Choices choices) {
        this.state = state;
        this.config = config;
        this.choices = choices;
    }

    /** @param task whose loss it is; its inputs are looked at first */
    Problem ofLoss(double loss, double rate, Objective.Task task) {
        return error("loss", loss, rate, task.notFinite().or(this::weight).orElseGet(this::advice));
    }

    Problem ofGradient(double norm, double rate) {
        return error("gradient's norm", norm, rate, "the loss itself is a finite number; " + advice());
    }

    private Problem error(String what, double value, double rate, String why) {
        return Problem.failure(String.format(
                Locale.ROOT,
                "the %s became %s at step %d (learning rate %.3g): %s%s",
                what,
                value,
                state.globalStep() + 1,
                rate,
                why,
                state.globalStep() == 0 ? "" : "; the last checkpoint is from before"));
    }

    private Optional<String> weight() {
        return state.trained().all().entrySet().stream()
                .filter(entry -> !isFinite(entry.getValue()))
                .map(Map.Entry::getKey)
                .findFirst()
                .map(name -> "the network's weight " + name + " holds numbers that are not finite, "
                        + (state.globalStep() == 0
                                ? "and did so before the first update: begin with another network"
                                : "since an update before; " + advice()));
    }

    private static boolean isFinite(Tensor tensor) {
        return TensorScope.compute(() -> isfinite(tensor).all().item_bool());
    }

    /** What to change where inputs and weights were sound. */
    private String advice() {
        return "lower training.optimizer.learning_rate"
                + (config.clipGradNorm() == null ? ", set training.clip_grad_norm to 1" : "")
                + (choices.dtype() == Precision.F32 ? "" : ", set training.dtype to f32");
    }
}
