// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.bytedeco.pytorch.global.torch.get_num_threads;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process-wide settings without which LibTorch under a JVM is several times slower than it need be. They are made once,
 * before the first native library loads; every entry point of this library calls {@link #configure()}, so an application need
 * not. An application that shares the process with other native code chooses another {@link NativeMode}, by
 * {@link #configure(NativeMode)} before anything else or by {@code -Ddiffusion4j.native=check} or {@code keep}, or takes some by
 * setting the environment variables itself.
 *
 * <ul>
 *   <li>JavaCPP's memory bound off: else resident memory is read at every allocation and 4× the heap is an error.
 *   <li>{@code OPENBLAS_CORETYPE=SKYLAKEX} where the processor has AVX512: this OpenBLAS does not know newer processors.
 *   <li>{@code THP_MEM_ALLOC_ENABLE=1}: huge pages for large tensors.
 *   <li>OpenBLAS on one thread: its own threads fight LibTorch's.
 *   <li>{@code TORCH_CPP_LOG_LEVEL=FATAL}, and JavaCPP's logger on SLF4J: neither writes to the error stream then.
 * </ul>
 */
public final class NativeRuntime {
    private static final Logger LOG = LoggerFactory.getLogger(NativeRuntime.class);
    private static final String PROPERTY = "diffusion4j.native";

    /**
     * What was done; see {@code diffuse doctor}.
     *
     * @param settings those that are made, whoever made them
     * @param warnings what is missing and how to make it
     */
    public record Status(NativeMode mode, List<String> settings, List<String> warnings) {
        public Status {
            settings = List.copyOf(settings);
            warnings = List.copyOf(warnings);
        }
    }

    private static volatile @Nullable Status status;
    private static @Nullable Problem failure;

    private NativeRuntime() {}

    /**
     * Makes the settings once, unless {@code -Ddiffusion4j.native} says otherwise, and loads LibTorch; later calls return what the first did.
     * One line is logged for all that could not be made. Thread-safe.
     *
     * @throws Problem (a failure) where LibTorch cannot be loaded, saying why in one line; every later call throws it too
     * @throws Problem (a wrong request) where the property has another value than {@link NativeMode} knows
     */
    public static Status configure() {
        Status known = status;
        return known != null ? known : configureOnce(NativeMode.APPLY);
    }

    /**
     * As {@link #configure()}, with another choice; the property, where it is set, counts more.
     *
     * @throws Problem (a wrong request) where something else has been done already
     */
    public static Status configure(NativeMode mode) {
        Status done = configureOnce(mode);
        NativeMode wanted = wanted(mode);
        if (done.mode() != wanted) {
            throw Problem.request("the native settings cannot be '" + wanted.key() + "' any more, since '"
                    + done.mode().key()
                    + "' has been done: call NativeRuntime.configure before anything else of this library, or start Java with -D"
                    + PROPERTY + "=" + wanted.key());
        }
        return done;
    }

    private static synchronized Status configureOnce(NativeMode mode) {
        if (status != null) {
            return status;
        }
        if (failure != null) {
            throw failure;
        }
        try {
            Status made = make(wanted(mode));
            status = made;
            return made;
        } catch (Problem e) {
            failure = e; // JavaCPP's classes are of no use after one attempt
            throw e;
        }
    }

    private static NativeMode wanted(NativeMode mode) {
        String value = System.getProperty(PROPERTY);
        try {
            return value == null ? mode : Keyed.fromKey(NativeMode.class, value, "-D" + PROPERTY);
        } catch (IllegalArgumentException e) {
            throw Problem.request(String.valueOf(e.getMessage()));
        }
    }

    private static Status make(NativeMode mode) {
        NativeSettings settings = new NativeSettings(mode);
        settings.properties();
        settings.environment(NativeLibraries.isLoaded());
        NativeLibraries.load();
        settings.afterLoading();
        get_num_threads(); // starts LibTorch's own thread pool with its default
        Status made = settings.status();
        if (!made.warnings().isEmpty()) {
            LOG.warn(
                    "native settings {}, which costs speed: {}",
                    mode == NativeMode.APPLY ? "that could not be made" : "are only checked, and some are missing",
                    String.join("; ", made.warnings()));
        }
        return made;
    }
}
