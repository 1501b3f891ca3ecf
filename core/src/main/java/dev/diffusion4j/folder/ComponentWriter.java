// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.DType;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.checkpoint.WeightWriter;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TokenizerFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a pipeline folder part by part, or replaces the files of one; each file is replaced whole, and {@code model_index.json} is
 * written at the end.
 */
public final class ComponentWriter {
    private final Path folder;
    private final SaveOptions options;
    private ComponentMap map;

    /** @param kept parts that the folder has already and keeps, unless they are written anew */
    public ComponentWriter(Path folder, ComponentMap kept, SaveOptions options) {
        this.folder = folder;
        this.options = options;
        map = kept;
    }

    /** Writes a network. */
    void write(String name, Model model) {
        write(name, folder.resolve(name), model);
    }

    /** Writes a network into the folder itself, where transformers has one that is by itself. */
    void writeFlat(String name, Model model) {
        write(name, folder, model);
    }

    private void write(String name, Path place, Model model) {
        ModelClass modelClass = model.modelClass();
        WeightWriter writer = new WeightWriter(modelClass.weightStem(), options.variant());
        TensorScope.run(() -> writer.write(place, model.snapshot(), options.maxShardBytes()));
        DType written = options.variant() == null
                ? DType.of(model.stateDict().values().iterator().next())
                : options.variant().equals("fp16") ? DType.F16 : DType.BF16;
        writeConfig(name, place, modelClass.library(), modelClass.name(), model.config(), written);
    }

    /** Writes networks by the names of their parts. */
    void write(Map<String, Model> networks) {
        networks.forEach(this::write);
    }

    /**
     * Writes a network that is not in memory, one tensor after the other.
     *
     * @param as the format that a weight of a given format is written in
     */
    public void write(
            String name,
            String library,
            String className,
            Map<String, @Nullable Object> config,
            WeightSource weights,
            UnaryOperator<DType> as) {
        new WeightWriter(ModelClass.weightStemOf(library), options.variant())
                .write(folder.resolve(name), weights, as, options.maxShardBytes());
        DType written = as.apply(weights.tensors().values().iterator().next().dtype());
        writeConfig(name, folder.resolve(name), library, className, config, written);
    }

    private void writeConfig(
            String name,
            Path place,
            String library,
            String className,
            Map<String, @Nullable Object> config,
            DType written) {
        Path file = place.resolve(Component.CONFIG);
        if (library.equals("transformers")) {
            AtomicFile.write(file, Json.pretty(transformersConfig(config, className, written)));
        } else {
            ComponentMap.writeConfig(file, className, config);
        }
        map = map.with(name, library, className);
    }

    /** transformers names its class and its dtype in keys of its own; the older name of the dtype is known to all of its versions. */
    private static Map<String, @Nullable Object> transformersConfig(
            Map<String, @Nullable Object> config, String className, DType written) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>(config);
        json.remove("dtype");
        json.put("torch_dtype", written.torchName());
        json.put("architectures", List.of(className));
        return json;
    }

    /** Copies the files of a part that lies in a folder of its own, under that folder's name. */
    void copy(Path part) {
        Path target = folder.resolve(Objects.requireNonNull(part.getFileName()));
        try (Stream<Path> files = Files.list(part)) {
            Files.createDirectories(target);
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(
                        file,
                        target.resolve(Objects.requireNonNull(file.getFileName())),
                        StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw Problem.failure("cannot copy " + part + " to " + target + ": " + AtomicFile.reason(e), e);
        }
    }

    /** Copies a part from where it lies: a tokenizer's files, or a network's config and the weights that are read. */
    void copy(Component part) {
        Path from = part.folder();
        Path target = folder.resolve(part.name());
        try {
            List<Path> files = new ArrayList<>();
            if (part.isTokenizer()) {
                try (Stream<Path> all = Files.list(from)) {
                    all.filter(Files::isRegularFile).forEach(files::add);
                }
            } else {
                files.add(part.configFile());
                files.addAll(WeightFiles.files(from));
                try (Stream<Path> all = Files.list(from)) {
                    all.filter(file -> WeightFiles.isIndex(file.toString())).forEach(files::add);
                }
            }
            Files.createDirectories(target);
            for (Path file : files) {
                AtomicFile.write(
                        target.resolve(Objects.requireNonNull(file.getFileName())), out -> Files.copy(file, out));
            }
        } catch (IOException e) {
            throw Problem.failure("cannot copy " + from + " to " + target + ": " + AtomicFile.reason(e), e);
        }
        map = map.with(part.name(), part.library(), part.className());
    }

    /** Writes a tokenizer. */
    public void write(String name, ClipTokenizer tokenizer) {
        TokenizerFolder.write(folder.resolve(name), tokenizer);
        map = map.with(name, "transformers", TokenizerFolder.CLASS);
    }

    /** Writes the algorithm. */
    void write(Scheduler scheduler) {
        writeScheduler(scheduler.algorithm().className(), scheduler.config());
    }

    /** Writes an algorithm's class and config. */
    public void writeScheduler(String className, Map<String, @Nullable Object> config) {
        Path file = folder.resolve(Component.SCHEDULER).resolve(Component.SCHEDULER_CONFIG);
        ComponentMap.writeConfig(file, className, config);
        map = map.with(Component.SCHEDULER, "diffusers", className);
    }

    /** Names the parts, so that the folder can be read; the class of the whole stays as it was. */
    public void finish() {
        map.write();
    }

    /** Names the parts, and the class of the whole. */
    void finish(String pipelineClass) {
        map = map.withPipelineClass(pipelineClass);
        finish();
    }
}
