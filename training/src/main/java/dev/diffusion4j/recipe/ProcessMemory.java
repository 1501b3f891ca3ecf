// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import dev.diffusion4j.tensor.MachineMemory;

/** The process' resident memory, as Linux reports it. */
final class ProcessMemory {
    /** What the JVM and its compilers come to hold after the first steps. */
    private static final long LATER_MIB = 20;
    /** How much glibc's heap frays until free memory is given back, in percent. */
    private static final long FRAYED = 7;

    /** What the JVM's heap grows by for what is kept in it, in percent: it lets a part be free ({@code MaxHeapFreeRatio}). */
    private static final long HEAP = 128;

    private ProcessMemory() {}

    /**
     * The highest of a run, in MiB, once a step was tried; 0 where the system does not say. By runs of 60 steps to 1,200: 405 where quickstart took 402,
     * 1,364 where the MNIST recipe took 1,369 at first and 1,445 later, 1,749 where butterflies-32 took 1,629.
     *
     * @param kept bytes of what will be kept in the JVM's heap
     */
    static long expectedMiB(long kept) {
        long peak = MachineMemory.highestOfProcess() >> 20;
        return peak == 0 ? 0 : peak + peak * FRAYED / 100 + LATER_MIB + (kept >> 20) * HEAP / 100;
    }
}
