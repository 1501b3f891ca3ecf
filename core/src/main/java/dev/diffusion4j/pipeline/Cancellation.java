// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import java.util.concurrent.CancellationException;

/** A switch by which another thread ends a call: within one step, all native memory freed. */
public final class Cancellation {
    private volatile boolean cancelled;

    /** Ends the call that holds this, soon. */
    public void cancel() {
        cancelled = true;
    }

    void check() {
        if (cancelled || Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the call was cancelled");
        }
    }
}
