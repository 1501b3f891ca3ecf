// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.random;

import dev.diffusion4j.base.Check;

/**
 * Batches of two halves, each of a kind of its own: the first kind's pictures come first in the data. Each kind is gone over again and
 * again, every time in another order, so that the smaller one comes more often. A pass shows each picture of the larger kind at least once.
 */
public final class HalvesOrder implements PassOrder {
    private static final long SECOND = 0x2545F4914F6CDD1DL;

    private final int first;
    private final int half;
    private final int batches;
    private final EpochOrder firstOrder;
    private final EpochOrder secondOrder;

    /**
     * @param first how many pictures the first kind has, at least one
     * @param size how many both have together
     * @param batchSize even
     */
    public HalvesOrder(int first, int size, int batchSize, long seed) {
        Check.inRange(first, 1, size - 1, "the pictures of the first kind");
        Check.that(batchSize % 2 == 0, "a batch of two halves must have an even size, but has " + batchSize);
        this.first = first;
        this.half = batchSize / 2;
        this.batches = (Math.max(first, size - first) - 1) / half + 1;
        this.firstOrder = new EpochOrder(first, true, seed);
        this.secondOrder = new EpochOrder(size - first, true, seed ^ SECOND);
    }

    @Override
    public int size() {
        return batches * 2 * half;
    }

    @Override
    public int index(long pass, int place) {
        int inBatch = place % (2 * half);
        long number = (pass * batches + place / (2 * half)) * half + inBatch % half;
        return inBatch < half ? of(firstOrder, number) : first + of(secondOrder, number);
    }

    private static int of(EpochOrder order, long number) {
        return order.index(number / order.size(), (int) (number % order.size()));
    }

    @Override
    public boolean areAlike(int place, int other) {
        return place % (2 * half) < half == other % (2 * half) < half;
    }
}
