// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

/**
 * The counter-based generator Philox 4×32-10 of Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3. A block of four words is
 * a function of a key and a counter.
 */
final class Philox {
    private static final int ROUNDS = 10;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final long WORD = 0xFFFFFFFFL;

    private Philox() {}

    /**
     * Four words.
     *
     * @param key the key's two words, the low one first, as the other pairs
     * @param low the counter's lower half
     * @param high the counter's upper half
     * @param words receives the block
     */
    static void block(long key, long low, long high, int[] words) {
        int k0 = (int) key;
        int k1 = (int) (key >>> 32);
        int c0 = (int) low;
        int c1 = (int) (low >>> 32);
        int c2 = (int) high;
        int c3 = (int) (high >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long first = (c0 & WORD) * MULTIPLIER_0;
            long second = (c2 & WORD) * MULTIPLIER_1;
            c0 = (int) (second >>> 32) ^ c1 ^ k0;
            c1 = (int) second;
            c2 = (int) (first >>> 32) ^ c3 ^ k1;
            c3 = (int) first;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        words[0] = c0;
        words[1] = c1;
        words[2] = c2;
        words[3] = c3;
    }
}
