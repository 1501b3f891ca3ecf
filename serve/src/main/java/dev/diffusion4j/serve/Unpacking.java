// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * Pictures that were sent are unpacked two at a time: a few kB may hold seventeen million pixels, which take some hundred MB of heap until they are
 * written to a file. All servers of a JVM share its heap, and so these two places.
 */
final class Unpacking {
    private static final Semaphore PLACES = new Semaphore(2, true);

    private Unpacking() {}

    /** Waits for a place; the work unpacks pictures and writes them to files. */
    static <T> T run(Supplier<T> work) {
        PLACES.acquireUninterruptibly();
        try {
            return work.get();
        } finally {
            PLACES.release();
        }
    }
}
