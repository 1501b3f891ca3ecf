// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.base;

import java.util.concurrent.CancellationException;

/** One rule for every wait: an interrupt cancels the call, and the thread stays interrupted. */
public final class Interrupts {
    private Interrupts() {}

    /**
     * Sets the thread's interrupt flag again.
     *
     * @param activity what was interrupted: {@code "while waiting for pictures"}
     * @return the exception to throw
     */
    public static CancellationException cancelled(String activity) {
        Thread.currentThread().interrupt();
        return new CancellationException("interrupted " + activity);
    }
}
