// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

/**
 * How much may be made in memory of a file that nobody vouches for. A file of a few megabytes can describe millions of
 * values; readers stop at such a bound with one line, before the heap is full.
 */
public final class HeapShare {
    private HeapShare() {}

    /** {@code most}, or how many things of {@code bytesEach} fill a quarter of the heap, whichever is less. */
    public static int count(int most, int bytesEach) {
        return (int) Math.min(most, Runtime.getRuntime().maxMemory() / 4 / bytesEach);
    }
}
