// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.folder.PartStore;
import dev.diffusion4j.folder.single.SingleFile;
import dev.diffusion4j.text.ClipTokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Loads a pipeline from wherever it is, with what ends its pictures. */
final class PipelineLoader {
    private PipelineLoader() {}

    /** @throws dev.diffusion4j.base.Problem naming the file and what is wrong with it */
    static DiffusionPipeline load(Path place, LoadOptions options, PartStore store) {
        DiffusionPipeline loaded = load(place, options, Map.of(), store);
        if (options.refiner() == null) {
            return loaded;
        }
        try {
            return loaded.owning(load(
                    options.refiner(),
                    ofRefiner(options),
                    loaded.setup().parts().tokenizers(),
                    store));
        } catch (Throwable e) {
            loaded.close();
            throw e;
        }
    }

    /** @param tokenizers that count where a single file has none: a refiner cuts texts as the model does that it is for */
    private static DiffusionPipeline load(
            Path place, LoadOptions options, Map<String, ClipTokenizer> tokenizers, PartStore store) {
        return SingleFile.isOne(place)
                ? SingleFilePipeline.load(place, options, tokenizers, store)
                : FolderPipeline.load(place, options, store);
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
