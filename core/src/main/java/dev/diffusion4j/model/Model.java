// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.layer.Layer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A whole network: a {@link Layer} that knows its class and its config, so that it can be saved and made again. */
public abstract class Model extends Layer {
    private final ModelClass modelClass;
    private final Map<String, @Nullable Object> config;

    /**
     * @param modelClass how files name it
     * @param config every key of its {@code config.json} but the underscored ones
     */
    protected Model(ModelClass modelClass, Map<String, ? extends @Nullable Object> config) {
        this.modelClass = modelClass;
        this.config = new LinkedHashMap<>(config);
    }

    /** How files name it. */
    public final ModelClass modelClass() {
        return modelClass;
    }

    /** Every key of its {@code config.json} but the underscored ones, as a new map. */
    public final Map<String, @Nullable Object> config() {
        return new LinkedHashMap<>(config);
    }

    /** Whether a file may hold this beside the weights: tables that are worked out, not learnt. */
    public boolean isIgnored(String fileName) {
        return false;
    }

    /** The network's name for a weight's name in a file; old spellings are mapped, others returned as they are. */
    public String weightName(String fileName) {
        return fileName;
    }
}
