// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.DType;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.model.ModelFamilies;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A model from a single file or a folder to a folder or a single file. One tensor is in memory at a time.
 *
 * @param from the file or folder
 * @param to a new folder, or a file that ends in {@code .safetensors}
 * @param format that floating-point weights are written in; {@code null} leaves each as it is
 * @param config a folder for what a single file does not say; see {@link SingleFile#open}
 * @param schedulerOptions changes to the scheduler, by the keys of {@code scheduler_config.json}
 */
public record Conversion(
        Path from,
        Path to,
        @Nullable DType format,
        @Nullable Path config,
        Map<String, @Nullable Object> schedulerOptions) {
    private static final String SAFETENSORS = ".safetensors";
    private static final List<String> PICKLES = List.of(".ckpt", ".pt", ".pth", ".bin");

    /**
     * Reads and writes.
     *
     * @return lines for the user: what was guessed, and what is left out; fields stand in braces
     * @throws Problem where either cannot be done; nothing has been written then
     */
    public List<String> run() {
        if (!Files.exists(from)) {
            throw Problem.failure("there is no file or folder " + from);
        }
        String name = String.valueOf(to.getFileName()).toLowerCase(Locale.ROOT);
        if (PICKLES.stream().anyMatch(name::endsWith)) {
            throw Problem.request("folder", to, "be a folder, or a file that ends in " + SAFETENSORS);
        }
        ModelFamilies families = ModelFamilies.BUILT_IN;
        UnaryOperator<DType> as = DType.floatingAs(format);
        try (OpenedParts found = SingleFile.isOne(from)
                ? SingleFile.open(from, config, families)
                : OpenedFolder.open(PipelinePlace.insideRun(from), families)) {
            OpenedParts parts = found.withScheduler(schedulerOptions);
            if (name.endsWith(SAFETENSORS)) {
                SingleFileWriter.write(parts, to, as);
            } else {
                FolderWriter.write(parts, to, as);
            }
            return parts.notes();
        }
    }
}
