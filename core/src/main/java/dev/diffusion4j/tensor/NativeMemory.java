// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;

/** The C library's memory, from which tensors, and the JVM's own compilers, are served. */
public final class NativeMemory {
    private NativeMemory() {}

    /** The part of glibc that is used; {@code malloc_trim(3)}. */
    interface Glibc extends Library {
        int malloc_trim(long pad);
    }

    /**
     * Gives memory that is free back to the system, wherever in the heap it lies: glibc by itself keeps most of it. Worth it when
     * something large is over, such as the compiling of the vector loops; not in every step, as the memory is cleared when it is
     * fetched anew. Does nothing where there is no glibc. Changes no value.
     */
    public static void giveBack() {
        if (!Platform.isLinux()) {
            return;
        }
        try {
            JnaUse.check();
            Native.load("c", Glibc.class).malloc_trim(0);
        } catch (LinkageError | RuntimeException e) {
            // another C library: it only costs some memory
        }
    }
}
