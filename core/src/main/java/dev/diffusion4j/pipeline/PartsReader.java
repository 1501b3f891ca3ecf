// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.DiffusionModel;
import java.util.Set;

/** Makes what a loaded pipeline draws with beside its denoiser, from the other parts of its folder. */
public interface PartsReader {
    /** What a network of this library needs; it has no other networks beside it. */
    PartsReader OWN = new PartsReader() {
        @Override
        public Set<String> parts() {
            return Set.of();
        }

        @Override
        public PipelineParts read(PipelineFolder folder, DiffusionModel model, LoadOptions options) {
            return PipelineParts.of(model);
        }
    };

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
}
