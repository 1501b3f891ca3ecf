// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.model.Model;
import org.jspecify.annotations.Nullable;

/** A network in memory and all who need it: leases, which may come again, and calls that run. Thread-safe. */
final class SharedPart {
    private final @Nullable PartLoader loader;
    private final boolean owned;
    private @Nullable Model network;
    private @Nullable Model outline;
    private boolean outlined;
    private int leases;
    private int calls;
    private boolean pinned;
    private boolean dropped;

    private SharedPart(@Nullable Model network, @Nullable PartLoader loader, boolean owned) {
        this.network = network;
        this.loader = loader;
        this.owned = owned;
    }

    /** One that is there; it can be had once only. */
    static SharedPart of(Model network, boolean owned) {
        return new SharedPart(network, null, owned);
    }

    /** One that {@code loader} makes as often as it is needed. */
    static SharedPart loadedBy(PartLoader loader) {
        return new SharedPart(null, loader, true);
    }

    synchronized void lease() {
        leases++;
    }

    /** @return whether it was the last lease */
    synchronized boolean endLease() {
        leases--;
        freeIfUnused();
        return leases == 0;
    }

    /** The network, loaded where it is not there; {@link #endCall} once for each. */
    synchronized Model beginCall() {
        Model present = network;
        if (present == null) {
            if (loader == null) {
                throw new IllegalStateException("this network is closed");
            }
            present = loader.load();
            network = present;
        }
        calls++;
        return present;
    }

    synchronized void endCall() {
        calls--;
        freeIfUnused();
    }

    /** The network without weights; {@code null} where there is none, or none can be made. */
    synchronized @Nullable Model outline() {
        if (!outlined && loader != null) {
            outline = loader.outline();
        }
        outlined = true;
        return outline;
    }

    synchronized boolean drop() {
        if (loader == null || pinned) {
            return false;
        }
        dropped = true;
        freeIfUnused();
        return true;
    }

    synchronized void pin() {
        pinned = true;
        dropped = false; // a drop that waits for running calls would free what the pin is about
    }

    synchronized boolean isLoaded() {
        return network != null;
    }

    private void freeIfUnused() {
        if (calls > 0 || leases > 0 && !dropped) {
            return;
        }
        dropped = false;
        if (leases == 0 && outline != null) {
            outline.close();
            outline = null;
            outlined = false;
        }
        Model unused = network;
        network = null;
        if (owned && unused != null) {
            unused.close();
        }
    }
}
