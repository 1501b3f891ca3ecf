// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import dev.diffusion4j.base.Check;

/**
 * How many threads torch gives a random draw on a card: blocks of 256, a value each, up to what the card holds at once.
 *
 * @param multiprocessors of the card; 0 for a card without an end
 * @param threads that a multiprocessor holds at most; 0 for a card without an end
 */
public record CudaGrid(int multiprocessors, int threads) {
    /** A card without an end: no value shares a thread. */
    public static final CudaGrid UNCAPPED = new CudaGrid(0, 0);

    private static final int BLOCK = 256;

    public CudaGrid {
        Check.that(
                multiprocessors == 0 && threads == 0 || multiprocessors > 0 && threads >= BLOCK,
                "{rng} cuda:SMSxTHREADS needs at least 1 multiprocessor with at least " + BLOCK + " threads, but was "
                        + multiprocessors + "x" + threads);
    }

    /** Of a card. */
    static CudaGrid of(int multiprocessors, int threads) {
        Check.that(
                multiprocessors > 0,
                "{rng} cuda:SMSxTHREADS needs at least 1 multiprocessor, but was " + multiprocessors + "x" + threads);
        return new CudaGrid(multiprocessors, threads);
    }

    boolean isCapped() {
        return multiprocessors > 0;
    }

    String text() {
        return multiprocessors + "x" + threads;
    }

    /** The threads of a draw of {@code count} values. */
    long threadsFor(long count) {
        long blocks = (count + BLOCK - 1) / BLOCK;
        long most = isCapped() ? (long) multiprocessors * (threads / BLOCK) : blocks;
        return BLOCK * Math.min(blocks, most);
    }
}
