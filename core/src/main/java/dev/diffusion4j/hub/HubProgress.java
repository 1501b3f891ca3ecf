// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.hub;

/** Is told how a download goes, from several threads at once. */
@FunctionalInterface
public interface HubProgress {
    /** Tells nobody. */
    HubProgress SILENT = bytes -> {};

    /** So many bytes more are here; negative where some were thrown away. */
    void onBytes(long count);
}
