// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.objective.ClassificationObjective;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.DenoisingSettings;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.pipeline.PipelineParts;
import dev.diffusion4j.scheduler.Scheduler;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a recipe's network learns: the only place where an objective is chosen. */
final class Objectives {
    private Objectives() {}

    /**
     * @param model borrowed by the objective, as are the others
     * @param parts what a denoiser is trained with; {@code null} for a classifier
     * @param epochs of the whole run
     */
    static Objective create(
            ObjectiveConfig config, Model model, Scheduler scheduler, @Nullable PipelineParts parts, int epochs) {
        if (model instanceof Classifier classifier) {
            return new ClassificationObjective(classifier);
        }
        DiffusionModel denoiser = (DiffusionModel) model;
        PipelineParts own = Objects.requireNonNull(parts);
        return new DenoisingObjective(
                denoiser,
                scheduler,
                own.conditioner(),
                own.codec(denoiser, scheduler),
                new DenoisingSettings(
                        config.loss(), config.lossWeighting(), config.contextDrop(), epochs, config.trackImageLoss()));
    }

    /**
     * Looks whether a network can learn as a recipe asks for.
     *
     * @param conditioner of a denoiser; {@code null} for a classifier
     * @throws Problem (a wrong request) where it cannot
     */
    static void check(Recipe recipe, Model model, @Nullable Conditioner conditioner) {
        boolean canDrop = conditioner != null && conditioner.canDrop();
        if (recipe.objective().contextDrop().isActive() && !canDrop) {
            throw Problem.request(
                    "objective.context_drop drops classes, but a "
                            + model.modelClass().name()
                            + " cannot do without: omit it, or train a network that can, such as a LabUnet, a CrossAttentionUnet or a PatchedUnet");
        }
        double scale = recipe.samples().guidanceScale();
        if (scale != 1 && !canDrop) {
            throw Problem.request("samples.guidance_scale is " + scale + ", but a "
                    + model.modelClass().name() + " has no prediction without a class to guide away from: omit it");
        }
        if (recipe.lora() != null
                && conditioner != null
                && !conditioner.learning().isEmpty()) {
            throw Problem.request(
                    "recipe " + recipe.name() + " trains a LoRA, which is all that is saved, but the conditioner's "
                            + String.join(", ", conditioner.learning()) + " would learn besides: omit lora, or bring a"
                            + " conditioner that stays as it is");
        }
    }
}
