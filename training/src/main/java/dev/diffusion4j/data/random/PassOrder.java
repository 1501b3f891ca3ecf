// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.random;

/** In which order each pass goes over the data; from its numbers alone, so that any pass can be begun anywhere. Thread-safe. */
public interface PassOrder {
    /** How many places a pass has. */
    int size();

    /** The picture at a place in [0, size) of pass {@code pass} ≥ 0. */
    int index(long pass, int place);

    /** Whether a picture from one place may stand at the other. */
    default boolean areAlike(int place, int other) {
        return true;
    }
}
