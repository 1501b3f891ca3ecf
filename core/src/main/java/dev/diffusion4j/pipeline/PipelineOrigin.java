// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.folder.ComponentNetwork;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.folder.SaveOptions;
import dev.diffusion4j.folder.WeightsHash;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.scheduler.Scheduler;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where a pipeline's network comes from.
 *
 * @param folder the folder that it was loaded from; {@code null} where it was handed over
 * @param loras what was added to its weights then
 * @param applied how much of each of them counts
 * @param hash of its files; empty where it has none
 * @param beside files that counted beside its own
 * @param notes what was guessed while it was loaded, a line each; fields stand in braces
 */
record PipelineOrigin(
        @Nullable PipelineFolder folder,
        List<LoraChoice> loras,
        List<LoraApplied> applied,
        Supplier<String> hash,
        FilesBeside beside,
        List<String> notes) {
    static final PipelineOrigin NONE =
            new PipelineOrigin(null, List.of(), List.of(), () -> "", FilesBeside.NONE, List.of());

    /** A single file. */
    static PipelineOrigin of(Path file, LoadOptions options, List<String> notes) {
        List<LoraChoice> loras = options.loras();
        return new PipelineOrigin(null, loras, List.of(), new WeightsHash(file, loras), beside(options), notes);
    }

    static PipelineOrigin of(PipelineFolder folder, ComponentNetwork denoiser, LoadOptions options) {
        List<LoraChoice> loras = options.loras();
        WeightsHash hash = new WeightsHash(denoiser.component().folder(), loras);
        return new PipelineOrigin(folder, loras, List.of(), hash, beside(options), List.of());
    }

    private static FilesBeside beside(LoadOptions options) {
        return new FilesBeside(options.config(), options.embeddings(), options.vae(), options.refiner());
    }

    PipelineOrigin withApplied(List<LoraApplied> value) {
        return new PipelineOrigin(folder, loras, value, hash, beside, notes);
    }

    /** With the hash of the same network seen through adapters. */
    PipelineOrigin hashedWith(List<LoraChoice> all) {
        return new PipelineOrigin(folder, loras, applied, WeightsHash.of(hash, all), beside, notes);
    }

    /** Writes a network with its parts, or replaces the files of the folder that it was loaded from. */
    void save(Path place, SaveOptions options, DiffusionModel model, OwnedParts owned, PipelineSetup setup) {
        PipelineFolder files = folder;
        PipelineParts parts = setup.parts();
        Scheduler scheduler = setup.scheduler();
        if (files != null && files.isAt(place)) {
            owned.pin(); // the folder no longer holds what was loaded
            files.save(model, parts.networks(), scheduler, options);
        } else if (files != null && !parts.tokenizers().isEmpty()) {
            files.writeCopy(place, model, parts.networks(), parts.tokenizers(), scheduler, options);
        } else {
            PipelineFolder.write(place, model, parts.networks(), scheduler, options);
        }
    }
}
