// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.folder.single.SingleFile;
import java.nio.file.Path;
import java.util.List;

/** Loads a pipeline from wherever it is, with what ends its pictures. */
final class PipelineLoader {
    private PipelineLoader() {}

    /** @throws dev.diffusion4j.base.Problem naming the file and what is wrong with it */
    static DiffusionPipeline load(Path place, LoadOptions options, PartStore store) {
        DiffusionPipeline loaded = SingleFile.isOne(place)
                ? SingleFilePipeline.load(place, options, store)
                : FolderPipeline.load(place, options, store);
        if (options.refiner() == null) {
            return loaded;
        }
        try {
            return loaded.owning(load(options.refiner(), ofRefiner(options), store));
        } catch (Throwable e) {
            loaded.close();
            throw e;
        }
    }

    /** What is said of the first model's files holds for those alone. */
    private static LoadOptions ofRefiner(LoadOptions options) {
        return options.withRefiner(null)
                .withVae(null)
                .withLoras(List.of())
                .withConfig(null)
                .withVariant(null)
                .withParts(PartsReader.WITHOUT_CODEC);
    }
}
