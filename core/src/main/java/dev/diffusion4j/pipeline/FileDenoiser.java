// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraComponent;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.single.PipelineParts;
import dev.diffusion4j.folder.single.SingleFile;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.Devices;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;

/** Loads the denoiser of a single file, ready to draw. Thread-safe. */
final class FileDenoiser implements Supplier<Model>, MergedLoras {
    private static final String PART = "unet";

    private final Path file;
    private final LoadOptions options;
    private volatile List<LoraApplied> applied = List.of();

    /** @param options with a precision that is no choice any more */
    FileDenoiser(Path file, LoadOptions options) {
        this.file = file;
        this.options = options;
    }

    /** Equal for loaders that make equal networks. */
    Object key() {
        return List.of(
                NetworkLoader.real(file),
                options.withParts(PartsReader.OWN).withVae(null).withRefiner(null));
    }

    @Override
    public List<LoraApplied> applied() {
        return applied;
    }

    @Override
    public DiffusionModel get() {
        Device device = Devices.parse(options.device());
        try (PipelineParts parts = SingleFile.open(file, options.config(), options.families())) {
            if (parts.find(PART).isEmpty()) {
                throw Problem.failure(file + " holds no denoiser, only "
                        + String.join(", ", parts.parts().keySet())
                        + ": name a folder with the rest of the model in {config}");
            }
            DiffusionModel model = (DiffusionModel) PartFiles.of(parts, options).network(PART);
            try {
                applied = PipelineAdapters.merge(LoraComponent.UNET, model, options.loras());
                NetworkLoader.makeReady(model, device);
                return model;
            } catch (Throwable e) {
                model.close();
                throw e;
            }
        }
    }
}
