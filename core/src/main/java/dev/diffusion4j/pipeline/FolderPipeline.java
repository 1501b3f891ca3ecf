// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Path;

/** Loads a folder in diffusers' form, ready to draw. */
final class FolderPipeline {
    private FolderPipeline() {}

    /** @throws Problem naming the file and what is wrong with it, or the first part of the folder that is not known */
    static DiffusionPipeline load(Path place, LoadOptions options, PartStore store) {
        Precision precision = SpeedProbe.resolve(options.precision(), Devices.parse(options.device()));
        Path folder = PipelinePlace.folder(place, options.variant(), options.families(), HubProgress.SILENT);
        PipelineFolder files = PipelineFolder.open(folder, options.families());
        ComponentNetwork denoiser = files.networkBeside(options.parts().parts());
        if (!denoiser.family().isDenoiser()) {
            throw Problem.failure(folder + " holds a " + denoiser.family().name() + ", which draws no pictures");
        }
        Scheduler scheduler = options.parts().mended(files, files.readScheduler());
        LoadOptions chosen = options.withPrecision(precision);
        PartFiles.Network network = PartFiles.Network.of(denoiser, chosen);
        boolean outlined = options.parts() instanceof FolderParts && FolderParts.hasNetworks(files.components());
        return LoadedPipeline.of(
                outlined ? network : network.whole(),
                model -> options.parts().read(files, model, chosen, store),
                scheduler,
                PipelineOrigin.of(files, denoiser, options),
                files.controls(),
                chosen,
                store);
    }
}
