// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testing;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Many callers at once. */
public final class Callers {
    private static final int PLATFORM_THREADS = 24;

    private Callers() {}

    /** A virtual thread for each task where the JDK has them, from 21 on; else some of the platform's. The caller shuts it down. */
    public static ExecutorService open() {
        try {
            return (ExecutorService)
                    Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        } catch (NoSuchMethodException e) {
            return Executors.newFixedThreadPool(PLATFORM_THREADS);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
