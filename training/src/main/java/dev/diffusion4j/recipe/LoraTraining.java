// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.Lora;
import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.adapter.LoraFolder;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.LoraPlace;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.RandomStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A recipe that trains a LoRA of a network, whose own weights stay as they are. */
final class LoraTraining {
    private LoraTraining() {}

    /** @throws Problem (a wrong request) where the recipe names no network to adapt; checked before sizes are fitted to any other */
    static void checkBase(Recipe recipe) {
        if (recipe.lora() != null && recipe.model().from() == null) {
            throw Problem.request(
                    "recipe " + recipe.name() + " adapts a trained network: name its folder with {model.from}=FOLDER");
        }
    }

    /**
     * Puts fresh products into {@code model}, or those of {@code lora.from} as far as they fit; its norms keep their statistics.
     *
     * @return where not all fit, how many do, in a line
     * @throws Problem (a wrong request) where the targets name none of the network's layers, (a failure) where nothing of {@code
     *     lora.from} fits
     */
    static Optional<String> inject(Model model, @Nullable LoraConfig config, long seed) {
        if (config == null) {
            return Optional.empty();
        }
        List<String> layers;
        try (RandomStream random = new RandomStream(seed)) {
            layers = Lora.inject(model, config, random);
        }
        Lora.freezeStatistics(model);
        if (config.from() == null) {
            return Optional.empty();
        }
        try (LoraAdapter adapter = LoraAdapter.read(LoraPlace.file(Path.of(config.from()), HubProgress.SILENT))) {
            int filled = adapter.restore(model);
            if (filled == 0) {
                throw Problem.failure("lora.from: " + adapter.file() + " fills none of the " + layers.size()
                        + " LoRA layers of this run (lora.rank " + config.rank() + ", lora.targets " + config.targets()
                        + "): its " + adapter.size()
                        + " are those of other layers or of another rank; name an adapter of"
                        + " this network, or omit lora.from");
            }
            return filled == layers.size() && filled == adapter.size()
                    ? Optional.empty()
                    : Optional.of(adapter.file() + " fills " + filled + " of " + layers.size() + " LoRA layers ("
                            + filled + " of its " + adapter.size() + " are used); the others begin anew");
        }
    }

    /** The folder that peft reads. */
    static void write(Path folder, Model model, Recipe recipe, LoraConfig config) {
        String from = recipe.model().from();
        Optional<HubRepo> repo = from == null ? Optional.empty() : PipelinePlace.repository(Path.of(from));
        LoraFolder.write(
                folder,
                model,
                config,
                repo.map(HubRepo::id).orElse(from),
                repo.map(HubRepo::revision).orElse(null));
    }
}
