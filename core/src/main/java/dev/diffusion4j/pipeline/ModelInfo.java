// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.NotFiniteWeights;
import dev.diffusion4j.checkpoint.RunManifest;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.folder.PipelinePlace;
import dev.diffusion4j.hub.HubProgress;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a model folder or a file holds, as plain values. What it reports of known parts was read and checked. */
public final class ModelInfo {
    /** Of weights: how many numbers are NaN or infinite, for each tensor that holds any; not there where none does. */
    public static final String NOT_FINITE = "not_finite";

    private static final Pattern FILE_NAME =
            Pattern.compile("(?i).*\\.(png|json|ya?ml|safetensors|bin|pt|pth|ckpt|pkl)");

    private ModelInfo() {}

    /** {@link #of(Path, HubProgress)}, silently. */
    public static Map<String, @Nullable Object> of(Path place) {
        return of(place, HubProgress.SILENT);
    }

    /**
     * Looks into a model as {@link PipelinePlace} has it (a folder, a finished run, a repository of the Hub), a file of weights, a
     * picture, or a JSON or YAML file. Of a folder, every part is listed; those that are not known have {@code supported: false}.
     *
     * @param progress receives how much comes from the Hub
     * @throws Problem naming the file and what is wrong with it
     */
    public static Map<String, @Nullable Object> of(Path place, HubProgress progress) {
        if (Files.isRegularFile(place)) {
            return ofFile(place);
        }
        String name = String.valueOf(place.getFileName());
        Path folder = FILE_NAME.matcher(name).matches() ? place : PipelinePlace.folder(place, null, progress);
        if (!Files.exists(folder)) {
            throw Problem.failure("there is no file or folder " + place);
        }
        return Files.isDirectory(folder) ? new FolderInfo(folder).get() : ofFile(folder);
    }

    private static Map<String, @Nullable Object> ofFile(Path path) {
        String name = path.getFileName().toString().toLowerCase(java.util.Locale.ROOT);
        if (name.endsWith(".png")) {
            return ofPicture(path);
        }
        if (name.endsWith(".json")) {
            return Json.readObject(path);
        }
        if (name.endsWith(".yaml") || name.endsWith(".yml")) {
            return Yaml.readObject(path);
        }
        try (WeightSource weights = WeightFiles.openFile(path)) {
            return ofWeights(weights);
        }
    }

    private static Map<String, @Nullable Object> ofPicture(Path path) {
        Map<String, @Nullable Object> notes = new LinkedHashMap<>(PngFile.readNotes(path));
        if (notes.get(RunManifest.NOTE) instanceof String note) {
            notes.put(RunManifest.NOTE, Json.parseObject(note, path + ": note " + RunManifest.NOTE));
        }
        return notes;
    }

    private static Map<String, @Nullable Object> ofWeights(WeightSource weights) {
        Map<String, @Nullable Object> info = summary(weights);
        Map<String, @Nullable Object> tensors = new LinkedHashMap<>();
        weights.tensors().forEach((name, tensor) -> tensors.put(name, tensor.dtype() + " " + tensor.shape()));
        info.put("tensors_by_name", tensors);
        return info;
    }

    /** How much is in weights. */
    static Map<String, @Nullable Object> summary(WeightSource weights) {
        Map<String, Long> numbers = new TreeMap<>();
        long bytes = 0;
        for (TensorInfo tensor : weights.tensors().values()) {
            numbers.merge(tensor.dtype().name(), tensor.count(), Long::sum);
            bytes += tensor.byteSize();
        }
        Map<String, Long> notFinite = NotFiniteWeights.countIn(weights);
        Map<String, @Nullable Object> summary = new LinkedHashMap<>();
        summary.put("tensors", (long) weights.tensors().size());
        summary.put("numbers", numbers);
        summary.put("bytes", bytes);
        if (!notFinite.isEmpty()) {
            summary.put(NOT_FINITE, notFinite);
        }
        summary.put("metadata", weights.metadata());
        return summary;
    }
}
