// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe.publish;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/** What would be published of a folder, in a folder of this machine: to be carried elsewhere. */
public final class PublicFolder {
    private PublicFolder() {}

    /**
     * Copies the files that {@link Publication} would send: of a run its model or LoRA with its card, its recipe and its curve, without paths of this
     * machine.
     *
     * @param target made whole, or not at all
     * @return how many files
     * @throws Problem (a wrong request) where {@code target} is there already; (a failure) where there is nothing to publish
     */
    public static long write(Path folder, Path target) {
        if (Files.exists(target)) {
            throw Problem.request("there is already something in {folder} " + target + ": name another");
        }
        Map<String, Path> files = PublicFiles.of(folder, false).byName();
        AtomicFile.createFolder(target, temporary -> {
            for (Map.Entry<String, Path> file : files.entrySet()) {
                Path to = temporary.resolve(file.getKey());
                Files.createDirectories(Objects.requireNonNull(to.getParent()));
                Files.copy(PublicCopy.of(file.getKey(), file.getValue()), to);
            }
        });
        return files.size();
    }
}
