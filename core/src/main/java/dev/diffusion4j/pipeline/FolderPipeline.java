// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Path;
import org.bytedeco.pytorch.Device;

/** Loads a folder in diffusers' form, ready to draw. */
final class FolderPipeline {
    private FolderPipeline() {}

    /** @throws Problem naming the file and what is wrong with it, or the first part of the folder that is not known */
    static DiffusionPipeline load(Path place, LoadOptions options, PartStore store) {
        Device device = Devices.parse(options.device());
        Precision precision = SpeedProbe.resolve(options.precision(), device);
        Path folder = PipelinePlace.folder(place, options.variant(), options.families(), HubProgress.SILENT);
        PipelineFolder files = PipelineFolder.open(folder, options.families());
        ComponentNetwork denoiser = files.networkBeside(options.parts().parts());
        if (!denoiser.family().isDenoiser()) {
            throw Problem.failure(folder + " holds a " + denoiser.family().name() + ", which draws no pictures");
        }
        Scheduler scheduler = options.parts().mended(files, files.readScheduler());
        PipelineOrigin origin = PipelineOrigin.of(files, denoiser, options);
        LoadOptions chosen = options.withPrecision(precision);
        NetworkLoader loader = new NetworkLoader(denoiser, device, chosen);
        PartLease network = store.lease(loader.key(), loader);
        try {
            PipelineParts parts = network.use(model -> options.parts().read(files, (DiffusionModel) model, chosen));
            PipelineAdapters.check(network, parts);
            Placement placement = new Placement(options.device(), precision, 0);
            PipelineSetup setup = PipelineSetup.of(scheduler, parts, placement);
            return DiffusionPipeline.of(new OwnedParts(network, parts), setup, origin);
        } catch (Throwable e) {
            network.close();
            throw e;
        }
    }
}
