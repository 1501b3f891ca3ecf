// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraComponent;
import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.Placement;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** Puts a pipeline together from where its parts are read. */
final class LoadedPipeline {
    private LoadedPipeline() {}

    /**
     * @param denoiser its files
     * @param others makes what stands beside the denoiser; closed with the pipeline, or where anything is wrong
     * @param controls the folders of control networks that are parts of the pipeline
     * @param options with a precision that is no choice any more
     */
    static DiffusionPipeline of(
            PartFiles.Network denoiser,
            Function<DiffusionModel, PipelineParts> others,
            Scheduler scheduler,
            PipelineOrigin origin,
            List<Path> controls,
            LoadOptions options,
            PartStore store) {
        NetworkLoader loader = new NetworkLoader(denoiser, LoraComponent.UNET, options);
        PartLease network = loader.lease(store);
        try {
            PipelineParts parts = network.ask(model -> others.apply((DiffusionModel) model));
            try {
                if (options.keeping() == KeepNetworks.ALWAYS) {
                    network.use(model -> parts.use(all -> true)); // what cannot be read is refused now
                }
                List<LoraApplied> applied = PipelineAdapters.merged(network, parts, options.loras());
                Placement placement = new Placement(options.device(), options.precision(), 0);
                PipelineSetup setup = PipelineSetup.of(scheduler, parts, placement);
                OwnedParts owned = new OwnedParts(network, parts, options.keeping()).withControls(controls, store);
                return DiffusionPipeline.of(owned, setup, origin.withApplied(applied));
            } catch (Throwable e) {
                parts.close();
                throw e;
            }
        } catch (Throwable e) {
            network.close();
            throw e;
        }
    }
}
