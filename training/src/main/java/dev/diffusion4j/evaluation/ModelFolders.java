// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubProgress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where a model lies, and the run that made it. */
public final class ModelFolders {
    private static final String METRICS = "metrics.jsonl";

    private ModelFolders() {}

    /** {@link #modelOf(Path, String, HubProgress)} with the usual weights, silently. */
    public static Path modelOf(Path folder) {
        return modelOf(folder, null, HubProgress.SILENT);
    }

    /**
     * {@code folder} itself, or {@code folder/model} where it is the folder of a run; where there is none such here and it reads as
     * {@code org/name[@revision]}, that model of the Hub, which is fetched into the cache.
     *
     * @param variant of the weights of the Hub, or {@code null}
     */
    public static Path modelOf(Path folder, @Nullable String variant, HubProgress progress) {
        return PipelinePlace.folder(folder, variant, progress);
    }

    /** The folder of the run that made a model, where that is still around it. */
    public static Optional<Path> runOf(Path folder) {
        Path parent = folder.toAbsolutePath().normalize().getParent();
        if (Files.exists(folder.resolve(METRICS))) {
            return Optional.of(folder);
        }
        return parent != null && Files.exists(parent.resolve(METRICS)) ? Optional.of(parent) : Optional.empty();
    }

    /** What is short and still distinguishes models: the run's name, not the {@code model} in it. */
    public static String nameOf(Path folder) {
        Path whole = folder.toAbsolutePath().normalize();
        Path name = whole.getFileName();
        Path parent = whole.getParent();
        if (name != null && name.toString().equals("model") && parent != null && parent.getFileName() != null) {
            return parent.getFileName().toString();
        }
        return name == null ? whole.toString() : name.toString();
    }
}
