// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The line for an error that nobody foresaw: it says what was done and where, and leaves LibTorch's own words to {@code --verbose}. */
final class UnexpectedError {
    private static final String OURS = "dev.diffusion4j.";
    private static final String LIBTORCH = "org.bytedeco.";

    private UnexpectedError() {}

    /**
     * @param doing the command, as {@code sample}
     * @param verbose whether the error's own words belong in it
     */
    static String line(Throwable error, String doing, boolean verbose) {
        Throwable refused = ofLibTorch(error);
        if (refused == null) {
            return error.getClass().getSimpleName() + ": " + firstLine(error)
                    + (verbose ? "" : " (--verbose shows where)");
        }
        return doing + " failed in " + where(refused) + ": "
                + (isOfMemory(refused) ? "there is not enough memory" : "LibTorch refused the operation")
                + (verbose ? ": " + firstLine(refused) : " (--verbose shows its words)");
    }

    /** The error itself or a cause of it that LibTorch threw; {@code null} where there is none. */
    private static @Nullable Throwable ofLibTorch(Throwable error) {
        for (Throwable each = error; each != null; each = each.getCause()) {
            StackTraceElement[] frames = each.getStackTrace();
            if (each.getClass() == RuntimeException.class
                    && frames.length > 0
                    && frames[0].getClassName().startsWith(LIBTORCH)) {
                return each;
            }
        }
        return null;
    }

    /** As LibTorch's allocator for the CPU says it. */
    private static boolean isOfMemory(Throwable error) {
        return String.valueOf(error.getMessage()).contains("can't allocate memory");
    }

    /** The innermost method of ours: {@code Conv2d.forward}. */
    private static String where(Throwable error) {
        return Arrays.stream(error.getStackTrace())
                .filter(frame -> frame.getClassName().startsWith(OURS))
                .findFirst()
                .map(frame -> simple(frame.getClassName()) + "." + method(frame.getMethodName()))
                .orElse("LibTorch");
    }

    private static String simple(String className) {
        return className.substring(className.lastIndexOf('.') + 1).replace('$', '.');
    }

    /** A lambda goes by the name of the method that it stands in. */
    private static String method(String name) {
        return name.startsWith("lambda$") ? name.split("\\$")[1] : name;
    }

    private static String firstLine(Throwable error) {
        return String.valueOf(error.getMessage()).lines().findFirst().orElse("");
    }
}
