// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.PartLease;
import dev.diffusion4j.folder.single.PipelineParts;
import dev.diffusion4j.folder.single.SingleFile;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Device;

/** Loads a checkpoint of Stable Diffusion's original layout, ready to draw. */
final class SingleFilePipeline {
    private static final String DENOISER = "unet";

    private SingleFilePipeline() {}

    /** @throws Problem (a failure) where it cannot be read, or lacks a part that drawing needs */
    static DiffusionPipeline load(Path file, LoadOptions options) {
        Device device = Devices.parse(options.device());
        Precision precision = SpeedProbe.resolve(options.precision(), device);
        LoadOptions chosen = options.withPrecision(precision);
        try (PipelineParts parts = SingleFile.open(file, options.config(), options.families())) {
            parts.checkTokenizers();
            if (parts.find(DENOISER).isEmpty()) {
                throw Problem.failure(file + " holds no denoiser, only "
                        + String.join(", ", parts.parts().keySet())
                        + ": name a folder with the rest of the model in {config}");
            }
            PartFiles files = PartFiles.of(parts, chosen);
            DiffusionModel model = (DiffusionModel) files.network(DENOISER);
            PartLease network = PartLease.owning(model);
            try {
                NetworkLoader.makeReady(model, device);
                dev.diffusion4j.pipeline.PipelineParts others = FolderParts.of(files, model, chosen);
                PipelineSetup setup = new PipelineSetup(
                        parts.readScheduler(),
                        others,
                        new Placement(options.device(), precision, 0),
                        List.of(),
                        LoraView.NONE);
                return DiffusionPipeline.of(
                        new OwnedParts(network, others), setup, PipelineOrigin.of(file, chosen.loras(), parts.notes()));
            } catch (Throwable e) {
                network.close();
                throw e;
            }
        }
    }
}
