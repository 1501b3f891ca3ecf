// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import com.sun.jna.Memory;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * glibc's main heap, from which tensors of one large step after another are best served. A thread's heap is chosen at its first request. All but the
 * main one are of pieces of 64 MiB: what is larger comes from the system each time, and a piece that becomes empty goes back to it, whatever
 * {@link NativeMemory#keepFreed} says. The thread that starts a JVM's main class never has the main one, unless it is the only one.
 */
public final class MainHeap {
    /** With this many heaps, as many threads in a row have them in turn. */
    private static final int MOST_HEAPS = 4;

    private static final int PROBE_BYTES = 16_384;

    private MainHeap() {}

    /**
     * Calls {@code body} on a thread of that heap, and waits for it: on this one where it is so, else on a new one. On this one as well where no such thread is found: where
     * there is no glibc, or {@code MALLOC_ARENA_MAX} does not keep it from making a heap for each new thread.
     *
     * @return its result; what it throws is thrown here
     */
    public static int call(IntSupplier body) {
        if (!isFindable(System.getenv()) || isHere()) {
            return body.getAsInt();
        }
        for (int i = 0; i < MOST_HEAPS; i++) {
            OptionalInt result = onNewThread(body);
            if (result.isPresent()) {
                return result.getAsInt();
            }
        }
        return body.getAsInt();
    }

    private static OptionalInt onNewThread(IntSupplier body) {
        Attempt attempt = new Attempt(body);
        Thread thread = new Thread(attempt, "main-heap");
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
        return attempt.result();
    }

    /** On another thread, of which its maker waits for the end. */
    private static final class Attempt implements Runnable {
        private final IntSupplier body;
        private OptionalInt result = OptionalInt.empty();
        private @Nullable RuntimeException failure;
        private @Nullable Error error;

        private Attempt(IntSupplier body) {
            this.body = body;
        }

        @Override
        public void run() {
            try {
                if (isHere()) {
                    result = OptionalInt.of(body.getAsInt());
                }
            } catch (RuntimeException e) {
                failure = e;
            } catch (Error e) {
                error = e;
            }
        }

        private OptionalInt result() {
            if (failure != null) {
                throw failure;
            }
            if (error != null) {
                throw error;
            }
            return result;
        }
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
                    Stream<String> ranges = Files.lines(Path.of("/proc/self/maps"))) {
                long address = Pointer.nativeValue(probe);
                return ranges.filter(line -> line.endsWith("[heap]")).anyMatch(line -> holds(line, address));
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
