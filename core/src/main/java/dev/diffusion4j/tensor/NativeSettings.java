// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import dev.diffusion4j.base.CpuFeatures;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.global.torch;
import org.slf4j.LoggerFactory;

/** Makes or checks the settings of {@link NativeRuntime}, once, around the loading of LibTorch. Not thread-safe. */
final class NativeSettings {
    private static final String LIMIT = "org.bytedeco.javacpp.maxPhysicalBytes";
    private static final String TRACKED = "org.bytedeco.javacpp.maxBytes";
    private static final String LOGGER = "org.bytedeco.javacpp.logger";
    /** System properties belong to the process, so that this library sees through it what it did in another class loader. */
    private static final String DONE = "diffusion4j.native.done";

    private final NativeMode mode;
    private final boolean hasDone = System.getProperty(DONE) != null;
    private final boolean hasLimit = System.getProperty(LIMIT) != null;
    private final List<String> settings = new ArrayList<>();
    private final List<String> warnings = new ArrayList<>();

    NativeSettings(NativeMode mode) {
        this.mode = mode;
    }

    /** Before any class of JavaCPP is used. */
    void properties() {
        if (mode == NativeMode.APPLY) {
            property(LIMIT, "0");
            property(TRACKED, "0");
            if (Pointer.class.getModule().canRead(LoggerFactory.class.getModule())) { // not on the module path
                property(LOGGER, "slf4j");
            }
        }
    }

    /** @param late whether LibTorch is in this process already, and has read its environment */
    void environment(boolean late) {
        if (mode == NativeMode.KEEP) {
            return;
        }
        if (CpuFeatures.current().has("avx512f")) {
            environment("OPENBLAS_CORETYPE", "SKYLAKEX", late);
        }
        environment("THP_MEM_ALLOC_ENABLE", "1", late);
        if (mode == NativeMode.APPLY) {
            environment("TORCH_CPP_LOG_LEVEL", "FATAL", false); // what is an error is thrown, too
        }
    }

    void afterLoading() {
        if (mode == NativeMode.KEEP) {
            return;
        }
        limit();
        if (mode == NativeMode.APPLY) {
            torch.initLogging(); // which reads TORCH_CPP_LOG_LEVEL
            openblas_nolapack.blas_set_num_threads(1);
            System.setProperty(DONE, "true");
        }
        boolean inEnvironment = "1".equals(System.getenv("OPENBLAS_NUM_THREADS"));
        if (inEnvironment || openblas_nolapack.blas_get_num_threads() == 1) { // which is negative until it has been set
            settings.add("OpenBLAS threads = 1");
        } else {
            warnings.add(
                    "set OPENBLAS_NUM_THREADS=1 in the environment: with more threads of OpenBLAS's own attention to 4,096 tokens"
                            + " takes twenty times as long");
        }
    }

    NativeRuntime.Status status() {
        return new NativeRuntime.Status(mode, settings, warnings);
    }

    /** JavaCPP has read it by now; a limit that somebody chose stays. */
    private void limit() {
        long bytes = Pointer.maxPhysicalBytes();
        if (bytes == 0 || hasLimit) {
            settings.add(LIMIT + " = " + bytes);
            return;
        }
        String why = mode == NativeMode.APPLY ? "JavaCPP was loaded before this library" : "unset";
        warnings.add("start Java with -D" + LIMIT + "=0 (" + why
                + "): resident memory is read at every allocation, and more than " + (bytes >> 20)
                + " MB of it is an error");
    }

    private static void property(String name, String value) {
        if (System.getProperty(name) == null) {
            System.setProperty(name, value);
        }
    }

    private void environment(String name, String value, boolean late) {
        String present = System.getenv(name);
        String setting = name + "=" + value;
        if (present != null) {
            settings.add(name + " = " + present + " (from the environment)");
        } else if (mode == NativeMode.CHECK) {
            warnings.add("set " + setting + " in the environment");
        } else if (hasDone) {
            settings.add(name + " = " + value + " (set by another class loader)");
        } else if (late) {
            warnings.add("set " + setting + " in the environment (LibTorch was loaded before this library)");
        } else {
            setEnvironment(name, value);
        }
    }

    private void setEnvironment(String name, String value) {
        try {
            ProcessEnvironment.set(name, value);
            settings.add(name + " = " + value);
        } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
            warnings.add("set " + name + "=" + value + " in the environment (" + e.getMessage() + ")");
        }
    }
}
