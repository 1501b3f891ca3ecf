// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraComponent;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.folder.LoraPlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.DiffusionModel;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts adapters into a pipeline's networks; the log says how much of each file counts. */
final class PipelineAdapters {
    private static final Logger LOG = LoggerFactory.getLogger(PipelineAdapters.class);

    private PipelineAdapters() {}

    /** The networks that adapters may be for. */
    private static Map<LoraComponent, DiffusionModel> networks(DiffusionModel denoiser) {
        return Map.of(LoraComponent.UNET, denoiser);
    }

    /** @throws dev.diffusion4j.base.Problem where one is not there or does not fit; what came before it stays in the weights then */
    static void merge(DiffusionModel denoiser, List<LoraChoice> choices) {
        for (LoraChoice choice : choices) {
            try (LoraAdapter adapter = LoraAdapter.read(LoraPlace.file(choice.path(), HubProgress.SILENT))) {
                LOG.info(adapter.mergeInto(networks(denoiser), choice.scale()).text());
            }
        }
    }

    /** @throws dev.diffusion4j.base.Problem where one does not fit */
    static LoraView view(DiffusionModel denoiser, List<LoraView.Use> uses) {
        LoraView view = LoraView.of(networks(denoiser), uses);
        view.applied().forEach(applied -> LOG.info(applied.text()));
        return view;
    }
}
