// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.NotFiniteWeights;
import dev.diffusion4j.checkpoint.RunManifest;
import dev.diffusion4j.checkpoint.TensorInfo;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a model folder or a file holds, as plain values. Every one of them was read and checked. */
public final class ModelInfo {
    /** Of weights: how many numbers are NaN or infinite, for each tensor that holds any; not there where none does. */
    public static final String NOT_FINITE = "not_finite";

    private ModelInfo() {}

    /**
     * Looks into a folder, a file of weights, a picture, or a JSON or YAML file.
     *
     * @throws Problem naming the file and what is wrong with it
     */
    public static Map<String, @Nullable Object> of(Path path) {
        if (Files.isDirectory(path)) {
            return ofFolder(path);
        }
        if (!Files.exists(path)) {
            throw Problem.failure("there is no file or folder " + path);
        }
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

    private static Map<String, @Nullable Object> ofFolder(Path path) {
        PipelineFolder folder = PipelineFolder.open(path);
        Map<String, @Nullable Object> info = new LinkedHashMap<>();
        info.put("pipeline", folder.pipelineClass());
        if (folder.hasScheduler()) {
            Map<String, @Nullable Object> scheduler = new LinkedHashMap<>();
            scheduler.put("class", folder.readScheduler().kind().className());
            scheduler.put("config", folder.readScheduler().config());
            info.put("scheduler", scheduler);
        }
        Map<String, @Nullable Object> network = new LinkedHashMap<>();
        try (Model model = folder.readModel(Devices.cpu(), Precision.F32, null)) {
            network.put("class", model.modelClass().name());
            network.put("parameters", model.parameterCount());
            network.put("config", model.config());
        }
        try (WeightSource weights = folder.openWeights()) {
            network.put("weights", summary(weights));
        }
        info.put(folder.modelName(), network);
        info.put("files", files(path));
        return info;
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

    private static Map<String, @Nullable Object> summary(WeightSource weights) {
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

    private static Map<String, @Nullable Object> files(Path folder) {
        Map<String, @Nullable Object> sizes = new TreeMap<>();
        try (var paths = Files.walk(folder)) {
            for (Path file : paths.filter(Files::isRegularFile).toList()) {
                sizes.put(folder.relativize(file).toString(), Files.size(file));
            }
            return sizes;
        } catch (IOException e) {
            throw Problem.failure("cannot read " + folder + ": " + AtomicFile.reason(e), e);
        }
    }
}
