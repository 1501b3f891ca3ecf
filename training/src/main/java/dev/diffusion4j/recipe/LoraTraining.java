// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.adapter.Lora;
import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraComponent;
import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.adapter.LoraFolder;
import dev.diffusion4j.adapter.PipelineLora;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.condition.Conditioner;
import dev.diffusion4j.folder.LoraPlace;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.hub.HubRepo;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionModel;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.tensor.RandomStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
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

    /** The recipe as a run is set up by: a checkpoint holds all that was taken from {@code lora.from}, which may be gone by then. */
    static Recipe startingWith(@Nullable Path checkpoint, Recipe recipe, ProcessGroup group) {
        LoraConfig lora = recipe.lora();
        return lora == null || lora.from() == null || !group.isForFirst(checkpoint != null)
                ? recipe
                : recipe.with(changed -> changed.lora = lora.withFrom(null));
    }

    /**
     * Puts fresh products into {@code model}, or those of {@code lora.from} as far as they fit; its norms keep their statistics.
     *
     * @return where not all fit, how many do, in a line
     * @throws Problem (a wrong request) where the targets name none of the network's layers, (a failure) where nothing of {@code
     *     lora.from} fits
     */
    static Optional<String> inject(Model model, @Nullable LoraConfig config, long seed) {
        return config == null ? Optional.empty() : inject(LoraComponent.UNET, model, config, seed);
    }

    /**
     * The same for the text encoders, where {@code lora.text_targets} names layers of theirs.
     *
     * @param conditioner whose networks they are; {@code null} for none
     * @return where not all of {@code lora.from} fit, how many do, in a line for each
     * @throws Problem as {@link #inject}; (a wrong request) where there is no text encoder
     */
    static List<String> injectText(@Nullable Conditioner conditioner, Recipe recipe) {
        LoraConfig config = recipe.lora();
        long seed = recipe.training().seed();
        List<String> notes = new ArrayList<>();
        if (config == null || config.textTargets().isEmpty()) {
            return notes;
        }
        Map<String, Model> networks = conditioner == null ? Map.of() : conditioner.networks();
        if (networks.isEmpty()) {
            throw Problem.request("lora.text_targets names layers of a text encoder, but there is none beside this"
                    + " network: omit it");
        }
        networks.forEach((name, network) -> LoraComponent.ofPart(name)
                .flatMap(part -> inject(part, network, config.ofText(), seed + 1 + part.ordinal()))
                .ifPresent(notes::add));
        return notes;
    }

    private static Optional<String> inject(LoraComponent part, Model model, LoraConfig config, long seed) {
        List<String> layers;
        try (RandomStream random = new RandomStream(seed)) {
            layers = Lora.inject(model, config, random);
        }
        Lora.freezeStatistics(model);
        if (config.from() == null) {
            return Optional.empty();
        }
        try (LoraAdapter adapter = LoraAdapter.read(LoraPlace.file(Path.of(config.from()), HubProgress.SILENT))) {
            int known = adapter.size(part);
            int filled = adapter.restore(part, model);
            if (filled == 0 && part == LoraComponent.UNET) {
                throw Problem.failure("lora.from: " + adapter.file() + " fills none of the " + layers.size()
                        + " LoRA layers of this run (lora.rank " + config.rank() + ", lora.targets " + config.targets()
                        + "): its " + known
                        + " are those of other layers or of another rank; name an adapter of"
                        + " this network, or omit lora.from");
            }
            return filled == layers.size() && filled == known
                    ? Optional.empty()
                    : Optional.of(adapter.file() + " fills " + filled + " of " + layers.size() + " LoRA layers ("
                            + filled + " of its " + known + " are used); the others begin anew");
        }
    }

    /**
     * What diffusers reads for a text-to-image model, else the folder that peft reads.
     *
     * @param beside networks; a conditioner's with products are written too
     */
    static void write(Path folder, Model model, Map<String, Model> beside, Recipe recipe, LoraConfig config) {
        if (!(model instanceof UNet2DConditionModel)) {
            write(folder, model, recipe, config);
            return;
        }
        Map<LoraComponent, Model> networks = new EnumMap<>(Map.of(LoraComponent.UNET, model));
        beside.forEach((name, network) -> LoraComponent.ofPart(name)
                .filter(part -> Lora.isIn(network))
                .ifPresent(part -> networks.put(part, network)));
        PipelineLora.write(folder, networks, config);
    }

    private static void write(Path folder, Model model, Recipe recipe, LoraConfig config) {
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
