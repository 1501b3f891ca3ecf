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
import dev.diffusion4j.model.Model;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Puts adapters into a pipeline's networks: the denoiser and the text encoders, by the names of their parts. */
final class PipelineAdapters {
    private PipelineAdapters() {}

    /**
     * Adds what adapters have for one part to its weights.
     *
     * @return how much of each counts for this part
     * @throws dev.diffusion4j.base.Problem where one is not there or does not fit; what came before it stays in the weights then
     */
    static List<LoraApplied> merge(LoraComponent part, Model network, List<LoraChoice> choices) {
        List<LoraApplied> applied = new ArrayList<>();
        for (LoraChoice choice : choices) {
            Path file = LoraPlace.file(choice.path(), HubProgress.SILENT);
            applied.add(LoraAdapter.mergeIntoPart(file, part, network, choice.scaleIn(part)));
        }
        return List.copyOf(applied);
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

    /** How much of each adapter was added to the weights of a pipeline that was loaded. */
    static List<LoraApplied> merged(PartLease denoiser, PipelineParts parts) {
        return denoiser.loader() instanceof MergedLoras loader
                ? joined(loader.applied(), parts.lorasApplied())
                : List.of();
    }

    /** @throws dev.diffusion4j.base.Problem where an adapter counts for no part; {@code parts} are closed then */
    static void check(PartLease denoiser, PipelineParts parts) {
        try {
            merged(denoiser, parts).forEach(LoraApplied::checked);
        } catch (Throwable e) {
            parts.close();
            throw e;
        }
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
