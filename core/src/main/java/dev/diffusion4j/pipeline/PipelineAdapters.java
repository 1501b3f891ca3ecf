// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraComponent;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.folder.LoraPlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.DiffusionModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Puts adapters into a pipeline's networks. */
final class PipelineAdapters {
    private PipelineAdapters() {}

    /** The networks that adapters may be for. */
    private static Map<LoraComponent, DiffusionModel> networks(DiffusionModel denoiser) {
        return Map.of(LoraComponent.UNET, denoiser);
    }

    /**
     * @return how much of each counts
     * @throws dev.diffusion4j.base.Problem where one is not there or does not fit; what came before it stays in the weights then
     */
    static List<LoraApplied> merge(DiffusionModel denoiser, List<LoraChoice> choices) {
        List<LoraApplied> applied = new ArrayList<>();
        for (LoraChoice choice : choices) {
            try (LoraAdapter adapter = LoraAdapter.read(LoraPlace.file(choice.path(), HubProgress.SILENT))) {
                applied.add(adapter.mergeInto(networks(denoiser), choice.scale()));
            }
        }
        return List.copyOf(applied);
    }

    /** @throws dev.diffusion4j.base.Problem where one does not fit */
    static LoraView view(DiffusionModel denoiser, List<LoraView.Use> uses) {
        return LoraView.of(networks(denoiser), uses);
    }
}
