// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.loader;

import dev.diffusion4j.tensor.World;

/**
 * Which of a batch's pictures are a process's own.
 *
 * @param start the first of them
 * @param count how many, at least one: where there are fewer pictures than processes, some of these look at one that does not count
 * @param counted how many of them count, {@code count} or 0
 * @param total how many the batch of all processes has
 */
public record BatchShare(int start, int count, int counted, int total) {
    /** As even as can be. */
    static BatchShare of(World world, int total) {
        int start = (int) ((long) total * world.rank() / world.size());
        int end = (int) ((long) total * (world.rank() + 1) / world.size());
        return end > start
                ? new BatchShare(start, end - start, end - start, total)
                : new BatchShare(Math.min(start, total - 1), 1, 0, total);
    }

    /** What its mean counts for in the mean of all. */
    public double weight() {
        return (double) counted / total;
    }

    /** Whether the batch is one process's alone. */
    public boolean isWhole() {
        return count == total;
    }
}
