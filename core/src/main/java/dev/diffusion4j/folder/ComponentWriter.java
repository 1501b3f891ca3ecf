// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.checkpoint.DType;
import dev.diffusion4j.checkpoint.WeightWriter;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TokenizerFolder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a pipeline folder part by part, or replaces the files of one; each file is replaced whole, and {@code model_index.json} is
 * written at the end.
 */
final class ComponentWriter {
    private final Path folder;
    private final SaveOptions options;
    private ComponentMap map;

    /** @param kept parts that the folder has already and keeps, unless they are written anew */
    ComponentWriter(Path folder, ComponentMap kept, SaveOptions options) {
        this.folder = folder;
        this.options = options;
        map = kept;
    }

    /** Writes a network. */
    void write(String name, Model model) {
        ModelClass modelClass = model.modelClass();
        Path component = folder.resolve(name);
        WeightWriter writer = new WeightWriter(modelClass.weightStem(), options.variant());
        TensorScope.run(() -> writer.write(component, model.snapshot(), options.maxShardBytes()));
        Path config = component.resolve(Component.CONFIG);
        if (modelClass.isTransformers()) {
            AtomicFile.write(config, Json.pretty(transformersConfig(model)));
        } else {
            ComponentMap.writeConfig(config, modelClass.name(), model.config());
        }
        map = map.with(name, modelClass.library(), modelClass.name());
    }

    /** Writes networks by the names of their parts. */
    void write(Map<String, Model> networks) {
        networks.forEach(this::write);
    }

    /** transformers names its class and its dtype in keys of its own; the older name of the dtype is known to all of its versions. */
    private Map<String, @Nullable Object> transformersConfig(Model model) {
        Map<String, @Nullable Object> json = model.config();
        json.remove("dtype");
        DType written = options.variant() == null
                ? DType.of(model.stateDict().values().iterator().next())
                : options.variant().equals("fp16") ? DType.F16 : DType.BF16;
        json.put("torch_dtype", written.torchName());
        json.put("architectures", List.of(model.modelClass().name()));
        return json;
    }

    /** Writes a tokenizer. */
    void write(String name, ClipTokenizer tokenizer) {
        TokenizerFolder.write(folder.resolve(name), tokenizer);
        map = map.with(name, "transformers", TokenizerFolder.CLASS);
    }

    /** Writes the algorithm. */
    void write(Scheduler scheduler) {
        String className = scheduler.algorithm().className();
        Path file = folder.resolve(Component.SCHEDULER).resolve(Component.SCHEDULER_CONFIG);
        ComponentMap.writeConfig(file, className, scheduler.config());
        map = map.with(Component.SCHEDULER, "diffusers", className);
    }

    /** Names the parts, so that the folder can be read; the class of the whole stays as it was. */
    void finish() {
        map.write();
    }

    /** Names the parts, and the class of the whole. */
    void finish(String pipelineClass) {
        map = map.withPipelineClass(pipelineClass);
        finish();
    }
}
