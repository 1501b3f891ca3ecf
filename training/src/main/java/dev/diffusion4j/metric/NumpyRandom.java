// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

/**
 * The stream of {@code numpy.random.RandomState(seed)}, as far as subsets need it: MT19937, Matsumoto &amp; Nishimura (1998), and
 * {@code permutation}. With it a figure is taken over the very subsets that the Python tools draw.
 */
final class NumpyRandom {
    private static final int N = 624;
    private static final int M = 397;

    private final int[] state = new int[N];
    private int next = N;

    NumpyRandom(int seed) {
        state[0] = seed;
        for (int i = 1; i < N; i++) {
            state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
        }
    }

    private int nextInt() {
        if (next == N) {
            twist();
        }
        int y = state[next++];
        y ^= y >>> 11;
        y ^= y << 7 & 0x9d2c5680;
        y ^= y << 15 & 0xefc60000;
        return y ^ y >>> 18;
    }

    private void twist() {
        for (int i = 0; i < N; i++) {
            int y = state[i] & 0x80000000 | state[(i + 1) % N] & 0x7fffffff;
            state[i] = state[(i + M) % N] ^ y >>> 1 ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
        }
        next = 0;
    }

    /** Uniform in 0 … max, by discarding what is too large. */
    private int interval(int max) {
        int mask = max == 0 ? 0 : -1 >>> Integer.numberOfLeadingZeros(max);
        int value = nextInt() & mask;
        while (value > max) {
            value = nextInt() & mask;
        }
        return value;
    }

    /** {@code choice(n, size, replace=False)}. */
    int[] choose(int n, int size) {
        int[] all = new int[n];
        for (int i = 0; i < n; i++) {
            all[i] = i;
        }
        for (int i = n - 1; i > 0; i--) {
            int j = interval(i);
            int kept = all[i];
            all[i] = all[j];
            all[j] = kept;
        }
        return java.util.Arrays.copyOf(all, size);
    }
}
