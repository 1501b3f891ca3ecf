// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import java.util.List;
import java.util.stream.Stream;

/**
 * What of an adapter's file counts nowhere.
 *
 * @param keys tensors of the file
 * @param layers whose they are, as the file names them
 */
public record LoraUnused(int keys, List<String> layers) {
    static final LoraUnused NONE = new LoraUnused(0, List.of());

    private static final int NAMED = 3;

    public LoraUnused {
        layers = List.copyOf(layers);
    }

    LoraUnused and(LoraUnused other) {
        return new LoraUnused(
                keys + other.keys,
                Stream.concat(layers.stream(), other.layers.stream()).toList());
    }

    static LoraUnused of(LoraProduct product) {
        return new LoraUnused(product.keys(), List.of(product.name().text()));
    }

    /** The first few names, and how many there are besides. */
    String some() {
        return some(layers);
    }

    /** The first few of {@code names}, and how many there are besides. */
    static String some(List<String> names) {
        String more = names.size() > NAMED ? " and " + (names.size() - NAMED) + " more" : "";
        return String.join(", ", names.subList(0, Math.min(NAMED, names.size()))) + more;
    }
}
