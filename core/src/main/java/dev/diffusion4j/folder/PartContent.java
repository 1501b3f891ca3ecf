// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a network is read from; equal contents make equal networks, wherever they lie.
 *
 * @param config without what only says where it comes from
 * @param weights their files, in the order in which they are read; empty where nobody knows
 */
public record PartContent(Map<String, @Nullable Object> config, List<Path> weights) {
    public PartContent {
        config = Collections.unmodifiableMap(new TreeMap<>(config));
        weights = List.copyOf(weights);
    }
}
