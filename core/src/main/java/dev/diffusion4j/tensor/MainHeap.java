// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import com.sun.jna.Memory;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * glibc's main heap, from which one large step after another is best served. A thread's heap is chosen at its first request. All others consist of pieces of 64 MiB: a larger request goes
 * to the system each time, and a piece that becomes empty goes back to it, whatever {@link NativeMemory#keepFreed} says. The thread that runs a JVM's {@code main} never has the main
 * heap, unless it is the only one.
 */
public final class MainHeap {
    /** With at most so many heaps, as many new threads, started one after another, usually get each of them once. */
    private static final int MOST_HEAPS = 4;

    private static final int PROBE_BYTES = 16_384;

    private MainHeap() {}

    /**
     * Calls {@code body} on a thread that has this heap, and waits for it: on this one if it has, otherwise on a new one. On this one as well where there is no
     * glibc, {@code MALLOC_ARENA_MAX} is not 1 to 4, or no such thread is found. What is bound to a thread does not hold on another, such as a {@link TensorScope}, the gradient mode,
     * the number of threads and locks. To be called before this thread computes with LibTorch: OpenMP has helpers for each thread that does, and lets them sleep where there are many.
     *
     * @return its result; what it throws is thrown here
     */
    public static int call(IntSupplier body) {
        if (!isFindable(System.getenv()) || isHere()) {
            return body.getAsInt();
        }
        for (int i = 0; i < MOST_HEAPS; i++) {
            Attempt attempt = new Attempt(body);
            attempt.await();
            if (attempt.isFound) {
                return attempt.result();
            }
        }
        return body.getAsInt();
    }

    /** On a new thread, if that has the heap. */
    private static final class Attempt implements Runnable {
        private final IntSupplier body;
        private boolean isFound;
        private int result;
        private @Nullable Throwable thrown;

        private Attempt(IntSupplier body) {
            this.body = body;
        }

        /** To its end; an interrupt is passed on. */
        private void await() {
            Thread thread = new Thread(this, "main-heap");
            thread.start();
            boolean isInterrupted = false;
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    isInterrupted = true;
                    thread.interrupt();
                }
            }
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void run() {
            isFound = isHere();
            if (isFound) {
                try {
                    result = body.getAsInt();
                } catch (Throwable e) {
                    thrown = e;
                }
            }
        }

        private int result() {
            if (thrown != null) {
                MainHeap.<RuntimeException>rethrow(thrown);
            }
            return result;
        }
    }

    @SuppressWarnings("unchecked") // whatever it is
    private static <E extends Throwable> void rethrow(Throwable thrown) throws E {
        throw (E) thrown;
    }

    /** Whether a few new threads will find it. */
    static boolean isFindable(Map<String, String> environment) {
        String heaps = environment.getOrDefault("MALLOC_ARENA_MAX", "").strip();
        return Platform.isLinux() && heaps.matches("[1-9]") && Integer.parseInt(heaps) <= MOST_HEAPS;
    }

    /** Whether this thread's memory comes from it; {@code false} where that cannot be seen. */
    static boolean isHere() {
        try {
            JnaUse.check();
            try (Memory probe = new Memory(PROBE_BYTES);
                    InputStream maps = new FileInputStream("/proc/self/maps")) { // an interrupt would close a channel
                long address = Pointer.nativeValue(probe);
                return new String(maps.readAllBytes(), StandardCharsets.ISO_8859_1)
                        .lines()
                        .filter(line -> line.endsWith("[heap]"))
                        .anyMatch(line -> holds(line, address));
            }
        } catch (LinkageError | RuntimeException | IOException e) {
            return false; // it only costs some time
        }
    }

    /** @param line of proc(5)'s maps: {@code from-to} in hexadecimal digits, and more */
    private static boolean holds(String line, long address) {
        String[] range = line.split("[- ]", 3);
        return Long.compareUnsigned(Long.parseUnsignedLong(range[0], 16), address) <= 0
                && Long.compareUnsigned(address, Long.parseUnsignedLong(range[1], 16)) < 0;
    }
}
