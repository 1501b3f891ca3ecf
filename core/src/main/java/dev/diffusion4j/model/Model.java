// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.layer.Layer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A whole network: a {@link Layer} that knows its family and its config, so that it can be saved and made again. */
public abstract class Model extends Layer {

    /** Its family. */
    public abstract ModelKind kind();

    /** Every key of its {@code config.json} but the underscored ones. */
    public abstract Map<String, @Nullable Object> config();

    /** Whether a file may hold this beside the weights: tables that are worked out, not learnt. */
    public boolean isIgnored(String fileName) {
        return false;
    }

    /** The network's name for a weight's name in a file; old spellings are mapped, others returned as they are. */
    public String weightName(String fileName) {
        return fileName;
    }
}
