// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.folder.single.SingleFile;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Path;

/** Loads a checkpoint of Stable Diffusion's original layout, ready to draw. */
final class SingleFilePipeline {
    private SingleFilePipeline() {}

    /** @throws dev.diffusion4j.base.Problem (a failure) where it cannot be read, or lacks a part that drawing needs */
    static DiffusionPipeline load(Path file, LoadOptions options, PartStore store) {
        Precision precision = SpeedProbe.resolve(options.precision(), Devices.parse(options.device()));
        LoadOptions chosen = options.withPrecision(precision);
        try (dev.diffusion4j.folder.single.PipelineParts found =
                SingleFile.open(file, options.config(), options.families())) {
            found.checkTokenizers();
            FileDenoiser loader = new FileDenoiser(file, chosen);
            PartLease network = store.lease(loader.key(), loader);
            try {
                PipelineParts parts = network.use(model -> FolderParts.of(
                        PartFiles.of(found, chosen),
                        (DiffusionModel) model,
                        chosen,
                        chosen.parts() != PartsReader.WITHOUT_CODEC));
                PipelineAdapters.check(network, parts);
                Placement placement = new Placement(options.device(), precision, 0);
                PipelineSetup setup = PipelineSetup.of(found.readScheduler(), parts, placement);
                return DiffusionPipeline.of(
                        new OwnedParts(network, parts), setup, PipelineOrigin.of(file, chosen, found.notes()));
            } catch (Throwable e) {
                network.close();
                throw e;
            }
        }
    }
}
