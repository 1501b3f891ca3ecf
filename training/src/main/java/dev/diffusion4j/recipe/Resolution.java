// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.model.ClassInput;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tracking.TrackerKind;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From a recipe as it is written to one in which everything is decided, step by step: what the run's folder decides, what the
 * network decides that it starts from, what the data decides. Each step gets what the one before returned; nothing is written.
 */
final class Resolution {
    private static final Logger LOG = LoggerFactory.getLogger(Resolution.class);

    private final RunFolder folder;
    private final RunParts parts;
    private final ModelFactory networks;

    Resolution(RunFolder folder, RunParts parts) {
        this.folder = folder;
        this.parts = parts;
        this.networks = new ModelFactory(parts.families());
    }

    /** @throws Problem (a wrong request) where network, scheduler, data and folder do not suit each other */
    Recipe resolve(Recipe written) {
        LoraTraining.checkBase(written);
        written.trackers().forEach(TrackerKind::check);
        Recipe adopted = adopted(RunPlaces.absolute(placed(written)));
        Previews.check(adopted, networks.family(adopted.model()));
        try (TrainingData data = parts.open(adopted.data());
                TrainingData heldBack = Validation.heldBack(adopted, parts)) {
            return fitted(adopted, data, heldBack);
        }
    }

    /** With the pictures of the application, the folder to save to, and an extractor that is there. */
    private Recipe placed(Recipe written) {
        return written.with(recipe -> {
            recipe.data.source = parts.source(written.data());
            recipe.export.folder = Exports.located(written.export(), folder);
            recipe.validation = KidExtractor.measurable(written.validation());
        });
    }

    /** With what the network decides that it starts from; the recipe's own keys are laid over its config. */
    private Recipe adopted(Recipe placed) {
        String from = placed.model().from();
        Boolean fromModel = placed.scheduler().fromModel();
        if (from == null) {
            if (Boolean.TRUE.equals(fromModel)) {
                throw Problem.request(
                        "recipe " + placed.name() + " takes the scheduler of the folder that it starts from:"
                                + " give {model.from}=FOLDER or {scheduler.from_model}=false");
            }
            return placed;
        }
        Pretrained base = Pretrained.open(from, networks.families());
        boolean takesScheduler = fromModel == null ? placed.scheduler().equals(SchedulerSpec.DEFAULT) : fromModel;
        return placed.with(recipe -> {
            recipe.model.kind = base.family().name();
            recipe.model.config = base.config(placed.model().config());
            recipe.model.from = base.place();
            recipe.model.fromSha256 = base.weightsSha256();
            base.fit(recipe.data);
            if (takesScheduler && base.family().isDenoiser()) {
                recipe.scheduler.take(base.scheduler());
            }
        });
    }

    /** With what the data decides, after the network was made once to see whether all suits each other. */
    private Recipe fitted(Recipe adopted, TrainingData data, @Nullable TrainingData heldBack) {
        ModelSpec network = networks.fit(adopted, data);
        try (Model model = networks.createEmpty(network)) {
            Objectives.check(adopted.objective(), adopted.samples(), model);
            networks.check(model, network, data, heldBack);
            boolean drawsWords = model instanceof DiffusionModel denoiser && denoiser.classInput() == ClassInput.WORDS;
            LoraTraining.inject(model, adopted.lora(), adopted.training().seed())
                    .ifPresent(LOG::warn);
            return adopted.with(recipe -> {
                recipe.model.config = network.config();
                recipe.scheduler.config = adopted.scheduler().fitted(adopted.data(), data);
                if (drawsWords && adopted.samples().prompts().isEmpty()) {
                    recipe.samples.prompts = CaptionWords.firstOf(data.dataset());
                }
            });
        }
    }
}
