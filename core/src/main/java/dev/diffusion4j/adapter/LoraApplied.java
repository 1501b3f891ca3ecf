// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * How much of an adapter a network took.
 *
 * @param applied tensors of the file that count
 * @param keys tensors of the file
 * @param elsewhere tensors for parts that are not there, counted by the part's name
 */
public record LoraApplied(Path file, int applied, int keys, Map<String, Integer> elsewhere) {
    public LoraApplied {
        elsewhere = Map.copyOf(elsewhere);
    }

    /** In a line: {@code FILE: applied 54 of 72 keys; not applied: 18 of text_encoder, which this model does not have}. */
    public String text() {
        String others = new TreeMap<>(elsewhere)
                .entrySet().stream()
                        .map(entry -> entry.getValue() + " of " + entry.getKey())
                        .collect(Collectors.joining(", "));
        return file + ": applied " + applied + " of " + keys + " keys"
                + (others.isEmpty() ? "" : "; not applied: " + others + ", which this model does not have");
    }
}
