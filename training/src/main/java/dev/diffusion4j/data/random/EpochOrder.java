// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.random;

import org.jspecify.annotations.Nullable;

/** In which order each pass goes over the data: a permutation drawn from seed and pass alone. Thread-safe. */
public final class EpochOrder implements PassOrder {
    private static final int KEPT = 4;

    private final int size;
    private final boolean shuffle;
    private final long seed;
    private final int[] @Nullable [] orders = new int[KEPT][];
    private final long[] passes = new long[KEPT];

    public EpochOrder(int size, boolean shuffle, long seed) {
        this.size = size;
        this.shuffle = shuffle;
        this.seed = seed;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int index(long pass, int place) {
        return shuffle ? order(pass)[place] : place;
    }

    /** Workers are at most a few passes apart, so few need to be kept. */
    private synchronized int[] order(long pass) {
        int slot = (int) (pass % KEPT);
        int[] known = orders[slot];
        if (known != null && passes[slot] == pass) {
            return known;
        }
        int[] order = new int[size];
        SeededRandom random = SeededRandom.of(seed, pass, -1);
        for (int i = 0; i < size; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        orders[slot] = order;
        passes[slot] = pass;
        return order;
    }
}
