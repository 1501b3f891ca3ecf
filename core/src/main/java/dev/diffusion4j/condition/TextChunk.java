// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import java.util.List;

/**
 * As much of a text as a text encoder reads at once.
 *
 * @param ids of all its places: start, the text's, end, padding
 * @param weights of all its places
 */
record TextChunk(List<Integer> ids, List<Double> weights) {
    TextChunk {
        ids = List.copyOf(ids);
        weights = List.copyOf(weights);
    }

    /** Whether some place counts more or less than it would. */
    boolean isWeighted() {
        return weights.stream().anyMatch(weight -> weight != 1);
    }
}
