// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.layer.Adaptable;
import dev.diffusion4j.model.Model;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The layers of a network under the names that adapters' files have for them. */
final class LoraNames {
    private static final String WEIGHT = ".weight";
    private static final String WRAPPED = "model.";

    private final Model network;
    private final Map<String, Adaptable> layers;
    private final Map<String, String> flat = new HashMap<>();

    LoraNames(Model network) {
        this.network = network;
        this.layers = Adaptable.in(network);
        layers.keySet().forEach(name -> flat.put(name.replace('.', '_'), name));
    }

    /** The network's own name for a layer; empty where it has no such layer. */
    Optional<String> layer(LoraName name) {
        return dotted(name.layer())
                .or(() -> name.layer().startsWith(WRAPPED)
                        ? dotted(name.layer().substring(WRAPPED.length()))
                        : Optional.empty())
                .or(() -> name.component() == null ? Optional.empty() : Optional.ofNullable(flat.get(name.layer())));
    }

    private Optional<String> dotted(String layer) {
        String weight = network.weightName(layer + WEIGHT);
        String name = weight.endsWith(WEIGHT) ? weight.substring(0, weight.length() - WEIGHT.length()) : weight;
        return layers.containsKey(name) ? Optional.of(name) : Optional.empty();
    }

    Adaptable get(String name) {
        return java.util.Objects.requireNonNull(layers.get(name));
    }
}
