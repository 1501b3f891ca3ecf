// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.folder.WeightsHash;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where a pipeline's network comes from.
 *
 * @param folder the folder that it was loaded from; {@code null} where it was handed over
 * @param loras what was added to its weights then
 * @param hash of its files; empty where it has none
 * @param notes what was guessed while it was loaded, a line each; fields stand in braces
 */
record PipelineOrigin(
        @Nullable PipelineFolder folder, List<LoraChoice> loras, Supplier<String> hash, List<String> notes) {
    static final PipelineOrigin NONE = new PipelineOrigin(null, List.of(), () -> "", List.of());

    /** A single file. */
    static PipelineOrigin of(Path file, List<LoraChoice> loras, List<String> notes) {
        return new PipelineOrigin(null, loras, new WeightsHash(file, loras), notes);
    }

    static PipelineOrigin of(PipelineFolder folder, ComponentNetwork denoiser, List<LoraChoice> loras) {
        return new PipelineOrigin(
                folder, loras, new WeightsHash(denoiser.component().folder(), loras), List.of());
    }

    /** With the hash of the same network seen through adapters. */
    PipelineOrigin hashedWith(List<LoraChoice> all) {
        return new PipelineOrigin(folder, loras, WeightsHash.of(hash, all), notes);
    }
}
