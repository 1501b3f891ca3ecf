// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.bytedeco.pytorch.global.torch.get_num_threads;

import dev.diffusion4j.base.CpuFeatures;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process-wide settings without which LibTorch under a JVM is several times slower than it need be. They are applied once,
 * before the first native library loads; every entry point of this library calls {@link #configure()}, so an application need
 * not. They are process-wide: an application that shares the process with other native code may refuse them with
 * {@code -Ddiffusion4j.native=keep}, or take some by setting the environment variables itself.
 *
 * <ul>
 *   <li>JavaCPP's memory bound off: else resident memory is read at every allocation and 4× the heap is an error.
 *   <li>{@code OPENBLAS_CORETYPE=SKYLAKEX} where the processor has AVX512: this OpenBLAS does not know newer processors.
 *   <li>{@code THP_MEM_ALLOC_ENABLE=1}: huge pages for large tensors.
 *   <li>OpenBLAS on one thread: its own threads fight LibTorch's.
 * </ul>
 */
public final class NativeRuntime {
    private static final Logger LOG = LoggerFactory.getLogger(NativeRuntime.class);
    private static final String REFUSE = "diffusion4j.native";

    /** What was applied, and what could not be, as text; see {@code diffuse doctor}. */
    public record Status(boolean applied, List<String> settings, List<String> warnings) {}

    private static volatile @Nullable Status status;

    private NativeRuntime() {}

    /**
     * Applies the settings once and loads LibTorch; later calls return what the first did. One line is logged for all that
     * could not be set. Thread-safe.
     */
    public static Status configure() {
        Status known = status;
        return known != null ? known : configureOnce();
    }

    private static synchronized Status configureOnce() {
        if (status != null) {
            return status;
        }
        List<String> settings = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        boolean refused = "keep".equals(System.getProperty(REFUSE));
        if (!refused) {
            property("org.bytedeco.javacpp.maxPhysicalBytes", "0", settings);
            property("org.bytedeco.javacpp.maxBytes", "0", settings);
            if (CpuFeatures.current().has("avx512f")) {
                environment("OPENBLAS_CORETYPE", "SKYLAKEX", settings, warnings);
            }
            environment("THP_MEM_ALLOC_ENABLE", "1", settings, warnings);
        }
        load();
        if (!refused) {
            openblas_nolapack.blas_set_num_threads(1);
            settings.add("OpenBLAS threads = 1");
        } else {
            warnings.add("take one thread for OpenBLAS (refused by " + REFUSE
                    + "=keep), without which attention to 4,096 tokens takes twenty times as long");
        }
        get_num_threads(); // starts LibTorch's own thread pool with its default
        if (!warnings.isEmpty()) {
            LOG.warn("some native settings could not be applied, which costs speed: {}", String.join("; ", warnings));
        }
        Status result = new Status(!refused, List.copyOf(settings), List.copyOf(warnings));
        status = result;
        return result;
    }

    private static void load() {
        try {
            org.bytedeco.javacpp.Loader.load(org.bytedeco.pytorch.global.torch.class);
        } catch (UnsatisfiedLinkError e) {
            throw new IllegalStateException(
                    "LibTorch's native library is not on the class path; add org.bytedeco:pytorch, openblas and javacpp with the "
                            + "classifier of your platform (linux-x86_64, macosx-arm64, windows-x86_64)",
                    e);
        }
    }

    private static void property(String name, String value, List<String> settings) {
        if (System.getProperty(name) == null) {
            System.setProperty(name, value);
        }
        settings.add(name + " = " + System.getProperty(name));
    }

    private static void environment(String name, String value, List<String> settings, List<String> warnings) {
        String present = System.getenv(name);
        if (present != null) {
            settings.add(name + " = " + present + " (from the environment)");
            return;
        }
        try {
            ProcessEnvironment.set(name, value);
            settings.add(name + " = " + value);
        } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
            warnings.add("set " + name + "=" + value + " in the environment (" + e + ")");
        }
    }

    /** For maps in tests and {@code doctor}: the environment as this process started with it. */
    static Map<String, String> startEnvironment() {
        return System.getenv();
    }
}
