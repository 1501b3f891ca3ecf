// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.folder.single.OpenedParts;
import dev.diffusion4j.folder.single.SingleFile;
import dev.diffusion4j.model.ModelRole;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.text.ClipTokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Loads a checkpoint of Stable Diffusion's original layout, ready to draw. */
final class SingleFilePipeline {
    private SingleFilePipeline() {}

    /**
     * @param tokenizers by name, that count where none is found for the file
     * @throws Problem (a failure) where it cannot be read, or lacks a part that drawing needs
     */
    static DiffusionPipeline load(
            Path file, LoadOptions options, Map<String, ClipTokenizer> tokenizers, PartStore store) {
        Precision precision = SpeedProbe.resolve(options.precision(), Devices.parse(options.device()));
        LoadOptions chosen = options.withPrecision(precision);
        try (OpenedParts opened = SingleFile.open(file, options.config(), options.families())) {
            OpenedParts found = opened.withTokenizers(tokenizers);
            found.checkTokenizers();
            String unet = ModelRole.DENOISER.component();
            if (found.find(unet).isEmpty()) {
                throw Problem.failure(file + " holds no denoiser, only "
                        + String.join(", ", found.parts().keySet())
                        + ": name a folder with the rest of the model in {config}");
            }
            PartFiles files = PartFiles.of(found, chosen);
            return LoadedPipeline.of(
                    files.network(unet),
                    model -> FolderParts.of(files, model, chosen, store),
                    found.readScheduler(),
                    PipelineOrigin.of(file, chosen, found.notes()),
                    List.of(),
                    chosen,
                    store);
        }
    }
}
