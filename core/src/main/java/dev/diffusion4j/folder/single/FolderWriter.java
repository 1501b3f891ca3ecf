// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder.single;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.DType;
import dev.diffusion4j.folder.ComponentMap;
import dev.diffusion4j.folder.ComponentWriter;
import dev.diffusion4j.folder.SaveOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Writes parts as a new folder in diffusers' form, whole or not at all, with one tensor in memory at a time. */
final class FolderWriter {
    private FolderWriter() {}

    /** @param as the format that a weight of a given format is written in */
    static void write(OpenedParts parts, Path folder, UnaryOperator<DType> as) {
        if (Files.exists(folder)) {
            throw Problem.request("folder", folder, "be a new folder");
        }
        parts.checkTokenizers();
        AtomicFile.createFolder(folder, fresh -> {
            ComponentWriter writer =
                    new ComponentWriter(fresh, ComponentMap.empty(fresh, parts.settings()), SaveOptions.DEFAULT);
            parts.parts()
                    .values()
                    .forEach(part -> writer.write(
                            part.name(), part.library(), part.className(), part.config(), part.weights(), as));
            parts.tokenizers().forEach(writer::write);
            if (parts.find("unet").isPresent() && !parts.scheduler().isEmpty()) {
                Map<String, @Nullable Object> keys = new LinkedHashMap<>(parts.scheduler());
                writer.writeScheduler(String.valueOf(keys.remove(OpenedParts.CLASS)), keys);
            }
            writer.finish();
        });
    }
}
