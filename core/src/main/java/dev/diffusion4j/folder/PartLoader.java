// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.model.Model;
import org.jspecify.annotations.Nullable;

/** Makes a network, as often as it is needed. Thread-safe. */
@FunctionalInterface
public interface PartLoader {

    /** The network with its weights; the caller owns it. */
    Model load();

    /**
     * The network without weights, of which only its config and its shapes can be asked; the caller owns it.
     *
     * @return {@code null} where only the whole network can be asked
     */
    default @Nullable Model outline() {
        return null;
    }

    /** The bytes of the weights that {@link #load} makes, of the network or its outline. */
    default long bytes(Model network) {
        return Float.BYTES * network.parameterCount();
    }
}
