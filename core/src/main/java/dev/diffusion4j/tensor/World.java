// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import dev.diffusion4j.base.Check;

/**
 * Which of the processes that work on the same training this one is.
 *
 * @param rank from 0
 * @param size how many there are
 */
public record World(int rank, int size) {
    /** One process. */
    public static final World ALONE = new World(0, 1);

    public World {
        Check.positive(size, "size");
        Check.inRange(rank, 0, size - 1, "rank");
    }

    /** Whether this is the process that writes what all of them share. */
    public boolean isFirst() {
        return rank == 0;
    }
}
