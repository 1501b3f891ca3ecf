// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

/** Receives the progress of a download, from several threads at once. */
@FunctionalInterface
public interface HubProgress {
    /** Tells nobody. */
    HubProgress SILENT = bytes -> {};

    /** So many more bytes have arrived; negative where some were discarded. */
    void onBytes(long count);
}
