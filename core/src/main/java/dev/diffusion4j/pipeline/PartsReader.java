// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.scheduler.Scheduler;
import java.util.Set;

/** Makes what a loaded pipeline draws with beside its denoiser, from the other parts of its folder. */
public interface PartsReader {
    /** The parts of diffusers' folders: autoencoder, text encoders, tokenizers; a denoiser alone is given what it needs. */
    PartsReader OWN = new FolderParts();

    /** The same without the autoencoder: for a denoiser whose samples another pipeline encodes and decodes. */
    PartsReader WITHOUT_CODEC = new FolderParts();

    /** The names of the folder's parts that it takes: {@code vae}, {@code text_encoder}, {@code tokenizer}. A folder with others is refused. */
    Set<String> parts();

    /**
     * Reads them.
     *
     * @param folder whose {@link PipelineFolder#network(String)} are the parts
     * @param model borrowed; asked now, not kept
     * @param options where the parts are to compute, and in what
     * @return owned by the pipeline, which closes it
     * @throws dev.diffusion4j.base.Problem naming the file and what is wrong with it
     */
    PipelineParts read(PipelineFolder folder, DiffusionModel model, LoadOptions options);

    /** As {@link #read(PipelineFolder, DiffusionModel, LoadOptions)}, with networks that others who have them of {@code store} share. */
    default PipelineParts read(PipelineFolder folder, DiffusionModel model, LoadOptions options, PartStore store) {
        return read(folder, model, options);
    }

    /** The folder's algorithm, mended where such folders are known to be wrong; usually as it is. */
    default Scheduler mended(PipelineFolder folder, Scheduler scheduler) {
        return scheduler;
    }
}
