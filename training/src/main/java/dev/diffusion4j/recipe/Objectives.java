// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.classifier.ConvClassifier;
import dev.diffusion4j.objective.ClassificationObjective;
import dev.diffusion4j.objective.DenoisingObjective;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.scheduler.Scheduler;

/** What a recipe's network learns: the only place where an objective is chosen. */
final class Objectives {
    private Objectives() {}

    /** @param model borrowed by the objective */
    static Objective create(ObjectiveConfig config, Model model, Scheduler scheduler) {
        if (model instanceof ConvClassifier classifier) {
            return new ClassificationObjective(classifier);
        }
        return new DenoisingObjective(
                (DiffusionModel) model, scheduler, config.loss(), config.lossWeighting(), config.trackImageLoss());
    }
}
