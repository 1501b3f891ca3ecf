// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The C library's memory, from which tensors, and the JVM's own compilers, are served. */
public final class NativeMemory {
    /** {@code mallopt(3)}: what is free at the heap's end goes back to the system from so much on; -1 for never. */
    private static final int TRIM_THRESHOLD = -1;
    /** What is larger is not of the heap, and goes back when it is freed. */
    private static final int MMAP_THRESHOLD = -3;

    private static final int MIB = 1 << 20;
    /** Enough for an activation of a large batch; what is read of a file at once is larger. */
    private static final int LARGEST_KEPT = 128 * MIB;
    /** The most that glibc comes to by itself. */
    private static final int LARGEST_USUAL = 32 * MIB;

    private static int keepers;

    private NativeMemory() {}

    /** The part of glibc that is used; {@code malloc_trim(3)}, {@code mallopt(3)}. */
    interface Glibc extends Library {
        int malloc_trim(long pad);

        int mallopt(int parameter, int value);
    }

    /** While it is open, the C library keeps what is freed. */
    public static final class Kept implements AutoCloseable {
        private boolean closed;

        private Kept() {}

        /** What glibc comes to by itself again, once the last one is closed, but fixed; what is free goes back. */
        @Override
        public void close() {
            synchronized (NativeMemory.class) {
                if (!closed) {
                    closed = true;
                    keep(-1);
                }
            }
        }
    }

    /**
     * For what asks for the same memory again and again, as a training's steps do: by itself glibc gives back at once what was larger than 32 MiB, and the end
     * of its heap, and the system clears it anew each time. In the whole process, but for pieces above 128 MiB; threads that have a heap of their own still give
     * back what is larger than 64 MiB, and each piece of 64 MiB that becomes empty: see {@link MainHeap}. The process comes to hold more, as holes are left between what is in use: {@link #giveBack} from time to time. Does nothing
     * where there is no glibc, the environment says what to do, or this library may make no settings ({@link NativeMode}).
     */
    public static Kept keepFreed() {
        NativeMode mode = NativeRuntime.configure().mode();
        if (mode == NativeMode.APPLY && !isSet(System.getenv())) {
            keep(1);
            return new Kept();
        }
        Kept nothing = new Kept();
        nothing.closed = true;
        return nothing;
    }

    private static synchronized void keep(int more) {
        boolean before = keepers > 0;
        keepers += more;
        boolean now = keepers > 0;
        if (before != now) {
            call(glibc -> {
                glibc.mallopt(MMAP_THRESHOLD, now ? LARGEST_KEPT : LARGEST_USUAL);
                glibc.mallopt(TRIM_THRESHOLD, now ? -1 : 2 * LARGEST_USUAL);
            });
        }
        if (!now) {
            giveBack();
        }
    }

    /** Whether somebody has chosen: {@code mallopt(3)} would override it. */
    static boolean isSet(Map<String, String> environment) {
        String tunables = environment.getOrDefault("GLIBC_TUNABLES", "");
        return Stream.of("mmap_threshold", "trim_threshold", "mmap_max")
                .anyMatch(name -> environment.containsKey("MALLOC_" + name.toUpperCase(Locale.ROOT) + "_")
                        || tunables.contains("glibc.malloc." + name));
    }

    /**
     * Gives memory that is free back to the system, wherever in the heap it lies: glibc by itself keeps most of it. Worth it when
     * something large is over, such as the compiling of the vector loops; not in every step, as the memory is cleared when it is
     * fetched anew. Does nothing where there is no glibc. Changes no value.
     */
    public static void giveBack() {
        call(glibc -> glibc.malloc_trim(0));
    }

    private static void call(Consumer<Glibc> body) {
        if (!Platform.isLinux()) {
            return;
        }
        try {
            JnaUse.check();
            body.accept(Native.load("c", Glibc.class));
        } catch (LinkageError | RuntimeException e) {
            // another C library: it only costs some memory, or time
        }
    }
}
