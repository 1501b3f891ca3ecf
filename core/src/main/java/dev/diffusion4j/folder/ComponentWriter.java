// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.checkpoint.WeightWriter;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.tensor.TensorScope;
import java.nio.file.Path;
import java.util.Map;

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
        ComponentMap.writeConfig(component.resolve(Component.CONFIG), modelClass.name(), model.config());
        map = map.with(name, modelClass.library(), modelClass.name());
    }

    /** Writes networks by the names of their parts. */
    void write(Map<String, Model> networks) {
        networks.forEach(this::write);
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
