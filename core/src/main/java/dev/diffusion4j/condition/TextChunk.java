// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import java.util.List;

/**
 * As much of a text as a text encoder reads at once.
 *
 * @param ids of all its places: start, the text's, end, padding
 */
record TextChunk(List<Integer> ids) {
    TextChunk {
        ids = List.copyOf(ids);
    }
}
