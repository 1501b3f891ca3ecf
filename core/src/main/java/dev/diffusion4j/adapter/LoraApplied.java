// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Problem;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How much of an adapter a model took.
 *
 * @param applied tensors of the file that count
 * @param keys tensors of the file
 * @param elsewhere what is for parts that are not there, by the part's name
 * @param missing what is for layers that a part lacks
 */
public record LoraApplied(Path file, int applied, int keys, Map<String, LoraUnused> elsewhere, LoraUnused missing) {
    public LoraApplied {
        elsewhere = Map.copyOf(elsewhere);
    }

    /** Of two parts of one model, to which the same file was applied one after the other. */
    public LoraApplied and(LoraApplied other) {
        Check.that(file.equals(other.file), "the two must be of one file");
        Map<String, LoraUnused> nowhere = new TreeMap<>(elsewhere);
        nowhere.keySet().retainAll(other.elsewhere.keySet());
        return new LoraApplied(file, applied + other.applied, keys, nowhere, missing.and(other.missing));
    }

    /**
     * This, where anything counts.
     *
     * @throws Problem (a failure) where nothing does, with the first names of the file
     */
    public LoraApplied checked() {
        if (applied > 0) {
            return this;
        }
        String none = file + ": applied none of its " + keys + " keys: ";
        LoraUnused others = elsewhere.values().stream().reduce(LoraUnused::and).orElse(LoraUnused.NONE);
        throw Problem.failure(
                missing.keys() == 0
                        ? none + "they are of " + String.join(", ", new TreeMap<>(elsewhere).keySet()) + " ("
                                + others.some() + "), which this model does not have"
                        : none + "no layer of this model is named "
                                + missing.and(others).some() + ": it was made for another model");
    }

    /** In a line: {@code FILE: applied 54 of 72 keys; not applied: 18 of text_encoder, which this model does not have}. */
    public String text() {
        Stream<String> others = elsewhere.isEmpty()
                ? Stream.of()
                : Stream.of(new TreeMap<>(elsewhere)
                        .entrySet().stream()
                                .map(entry -> entry.getValue().keys() + " of " + entry.getKey())
                                .collect(Collectors.joining(", ", "", ", which this model does not have")));
        Stream<String> lacking = missing.keys() == 0
                ? Stream.of()
                : Stream.of(missing.keys() + " of layers that this model does not have (" + missing.some() + ")");
        String not = Stream.concat(others, lacking).collect(Collectors.joining("; "));
        return file + ": applied " + applied + " of " + keys + " keys" + (not.isEmpty() ? "" : "; not applied: " + not);
    }
}
