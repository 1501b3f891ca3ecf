// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraComponent;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.folder.LoraPlace;
import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.LentModel;
import dev.diffusion4j.model.Model;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Puts adapters into a pipeline's networks: the denoiser and the text encoders, by the names of their parts. */
final class PipelineAdapters {
    private PipelineAdapters() {}

    /**
     * Adds what adapters have for one part to its weights.
     *
     * @throws dev.diffusion4j.base.Problem where one is not there or does not fit; what came before it stays in the weights then
     */
    static void merge(LoraComponent part, Model network, List<LoraChoice> choices) {
        for (LoraChoice choice : choices) {
            Path file = LoraPlace.file(choice.path(), HubProgress.SILENT);
            LoraAdapter.mergeIntoPart(file, part, network, choice.scaleIn(part));
        }
    }

    /**
     * How much of each adapter counts for one part.
     *
     * @throws dev.diffusion4j.base.Problem where one is not there or does not fit
     */
    static List<LoraApplied> fitted(LoraComponent part, LentModel network, List<LoraChoice> choices) {
        return choices.stream()
                .map(choice -> LoraPlace.file(choice.path(), HubProgress.SILENT))
                .map(file -> network.ask(shapes -> LoraAdapter.mergeIntoPart(file, part, shapes, 0)))
                .toList();
    }

    /** Runs {@code body} with networks of which only configs and shapes are asked, by the names of their parts. */
    static <R> R ask(Map<String, LentModel> lent, Function<Map<String, Model>, R> body) {
        Map<String, Model> networks = new LinkedHashMap<>();
        Supplier<R> all = () -> body.apply(networks);
        for (Map.Entry<String, LentModel> each : lent.entrySet()) {
            Supplier<R> inner = all;
            all = () -> each.getValue().ask(network -> {
                networks.put(each.getKey(), network);
                return inner.get();
            });
        }
        return all.get();
    }

    /** What was merged into some parts and into others, adapter by adapter; either list may be empty. */
    static List<LoraApplied> joined(List<LoraApplied> some, List<LoraApplied> others) {
        if (some.isEmpty() || others.isEmpty()) {
            return some.isEmpty() ? others : some;
        }
        return IntStream.range(0, some.size())
                .mapToObj(i -> some.get(i).and(others.get(i)))
                .toList();
    }

    /**
     * How much of each adapter is added to the weights of a pipeline that is loaded.
     *
     * @throws dev.diffusion4j.base.Problem where one counts for no part
     */
    static List<LoraApplied> merged(PartLease denoiser, PipelineParts parts, List<LoraChoice> choices) {
        List<LoraApplied> applied = joined(fitted(LoraComponent.UNET, denoiser, choices), parts.lorasApplied());
        applied.forEach(LoraApplied::checked);
        return applied;
    }

    /**
     * @param others the networks beside the denoiser, by the names of their parts
     * @throws dev.diffusion4j.base.Problem where one does not fit
     */
    static LoraView view(DiffusionModel denoiser, Map<String, Model> others, List<LoraView.Use> uses) {
        Map<LoraComponent, Model> networks = new EnumMap<>(LoraComponent.class);
        others.forEach(
                (name, network) -> LoraComponent.ofPart(name).ifPresent(component -> networks.put(component, network)));
        networks.put(LoraComponent.UNET, denoiser);
        return LoraView.of(networks, uses);
    }
}
