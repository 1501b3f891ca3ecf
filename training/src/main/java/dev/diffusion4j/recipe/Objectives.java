// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.objective.ClassificationObjective;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.DenoisingSettings;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.scheduler.Scheduler;

/** What a recipe's network learns: the only place where an objective is chosen. */
final class Objectives {
    private Objectives() {}

    /**
     * @param model borrowed by the objective
     * @param epochs of the whole run
     */
    static Objective create(ObjectiveConfig config, Model model, Scheduler scheduler, int epochs) {
        if (model instanceof Classifier classifier) {
            return new ClassificationObjective(classifier);
        }
        return new DenoisingObjective(
                (DiffusionModel) model,
                scheduler,
                new DenoisingSettings(
                        config.loss(), config.lossWeighting(), config.contextDrop(), epochs, config.trackImageLoss()));
    }

    /** @throws Problem (a wrong request) where this network cannot learn so */
    static void check(ObjectiveConfig config, SamplesConfig samples, Model model) {
        boolean canDrop = model instanceof DiffusionModel denoiser && denoiser.canDropContext();
        if (config.contextDrop().isActive() && !canDrop) {
            throw Problem.request(
                    "objective.context_drop drops classes, but a "
                            + model.modelClass().name()
                            + " cannot do without: omit it, or train a network that can, such as a LabUnet, a CrossAttentionUnet or a PatchedUnet");
        }
        if (samples.guidanceScale() != 1 && !canDrop) {
            throw Problem.request("samples.guidance_scale is " + samples.guidanceScale() + ", but a "
                    + model.modelClass().name() + " has no prediction without a class to guide away from: omit it");
        }
    }
}
