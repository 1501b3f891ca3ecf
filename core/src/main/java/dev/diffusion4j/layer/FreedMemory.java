// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.Pointer;

/**
 * Gives memory of weights that were packed back to the system, some at a time. The C library keeps what is freed, and a hole that one aligned
 * block left is too small for another of its size: while a network is packed, its process would grow by a third of the weights.
 */
final class FreedMemory {
    /** Little beside a network, and few enough times that nobody waits. */
    private static final long SOME = 256L << 20;

    private static final AtomicLong SINCE = new AtomicLong();

    private FreedMemory() {}

    /** @param bytes that were freed, or soon will be */
    static void add(long bytes) {
        if (SINCE.addAndGet(bytes) >= SOME) {
            SINCE.set(0);
            Pointer.trimMemory();
        }
    }
}
