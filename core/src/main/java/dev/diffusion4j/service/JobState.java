// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

/** How far a job is. */
public enum JobState {
    /** For its turn. */
    WAITING,
    /** At work. */
    RUNNING,
    /** All pictures are drawn. */
    DONE,
    /** It ended with an error. */
    FAILED,
    /** It was cancelled: by {@link Job#cancel()}, an interrupt of who awaited it, {@link Job#close()}, or the end of the service. */
    CANCELLED,
    /** Its deadline passed. */
    EXPIRED;

    /** Whether nothing more happens. */
    public boolean isOver() {
        return this != WAITING && this != RUNNING;
    }
}
