// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.Lora;
import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.adapter.LoraFile;
import dev.diffusion4j.adapter.LoraFolder;
import dev.diffusion4j.base.UserError;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.RandomStream;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A recipe that teaches a network's LoRA and leaves the network as it is. */
final class LoraTraining {
    private static final Logger LOG = LoggerFactory.getLogger(LoraTraining.class);

    private LoraTraining() {}

    /**
     * Finds out, before anything is written, whether {@link #inject} will do.
     *
     * @throws UserError (exit code 2) where the recipe names no network to adapt, or the targets none of its layers
     */
    static void check(Recipe recipe) {
        if (recipe.lora() == null) {
            return;
        }
        if (recipe.model().from() == null) {
            throw UserError.usage("recipe " + recipe.name()
                    + " adapts a trained network: name its folder with --set model.from=FOLDER");
        }
        try (Model model = ModelFactory.createEmpty(recipe.model())) {
            inject(model, recipe);
        }
    }

    /** Puts fresh products into {@code model}, or those of {@code lora.from} as far as they fit; its norms keep their statistics. */
    static void inject(Model model, Recipe recipe) {
        LoraConfig config = recipe.lora();
        if (config == null) {
            return;
        }
        List<String> layers;
        try (RandomStream random = new RandomStream(recipe.training().seed())) {
            layers = Lora.inject(model, config, random);
        }
        Lora.freezeStatistics(model);
        if (config.from() != null) {
            try (LoraFile file = LoraFile.open(Path.of(config.from()))) {
                int filled = file.restore(model);
                if (filled < layers.size() || filled < file.size()) {
                    LOG.warn(
                            "{} fills {} of {} LoRA layers ({} of its {} are used); the others begin anew",
                            file.file(),
                            filled,
                            layers.size(),
                            filled,
                            file.size());
                }
            }
        }
    }

    /** The folder that peft reads. */
    static void write(Path folder, Model model, Recipe recipe, LoraConfig config) {
        LoraFolder.write(folder, model, config, recipe.model().from());
    }
}
