// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.random;

import java.util.random.RandomGenerator;

/**
 * SplitMix64 (Steele, Lea and Flood 2014), with draws that do not depend on the Java version, so that what is drawn from a seed
 * stays what it is. Not thread-safe.
 */
public final class SeededRandom implements RandomGenerator {
    private static final long STEP = 0x9E3779B97F4A7C15L;

    private long state;

    public SeededRandom(long seed) {
        state = seed;
    }

    /** A stream for one use of one thing: neighbouring numbers give unrelated streams. */
    public static SeededRandom of(long seed, long a, long b) {
        return new SeededRandom(mix(mix(mix(seed + STEP) + a) + b));
    }

    private static long mix(long value) {
        long z = value + STEP;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    @Override
    public long nextLong() {
        long result = mix(state);
        state += STEP;
        return result;
    }

    /** 0 … {@code bound}−1. */
    @Override
    public int nextInt(int bound) {
        return (int) ((nextLong() >>> 32) * bound >>> 32);
    }

    /** [0, 1). */
    @Override
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1p-53;
    }

    @Override
    public boolean nextBoolean() {
        return nextLong() < 0;
    }

    /** [low, high). */
    public double between(double low, double high) {
        return low + (high - low) * nextDouble();
    }

    /** Near 0 more often than far: standard deviation {@code spread}, never beyond 3.46 times that. */
    public double around(double spread) {
        double sum = nextDouble() + nextDouble() + nextDouble() + nextDouble() - 2;
        return sum * spread * 1.7320508075688772;
    }
}
