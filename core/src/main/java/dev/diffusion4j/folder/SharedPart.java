// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.model.Model;
import org.jspecify.annotations.Nullable;

/**
 * A network in memory and all who need it: leases, which may come again, and calls that run. Thread-safe: the monitor guards the fields and is
 * held for moments only; {@code loading} is held while files are read, and taken before the monitor.
 */
final class SharedPart {
    private final Object loading = new Object();
    private final @Nullable PartLoader loader;
    private final @Nullable PartStore store;
    private final boolean owned;
    private @Nullable Model network;
    private @Nullable Model outline;
    private boolean outlined;
    private int leases;
    private int calls;
    private int questions;
    private boolean pinned;
    private boolean dropped;
    private long bytes;
    private long made;
    private volatile long lastUse;

    private SharedPart(@Nullable Model network, @Nullable PartLoader loader, @Nullable PartStore store, boolean owned) {
        this.network = network;
        this.loader = loader;
        this.store = store;
        this.owned = owned;
    }

    /** One that is there; it can be had once only. */
    static SharedPart of(Model network, boolean owned) {
        return new SharedPart(network, null, null, owned);
    }

    /** One that {@code loader} makes as often as it is needed, within the room of {@code store}. */
    static SharedPart loadedBy(PartLoader loader, PartStore store) {
        return new SharedPart(null, loader, store, true);
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

    /** From now on the network stays, once it is there; {@link #endCall} once for each. */
    synchronized void beginCall() {
        calls++;
        lastUse = System.nanoTime();
    }

    void endCall() {
        synchronized (this) {
            calls--;
            lastUse = System.nanoTime();
            if (calls == 0 && network != null && store != null) {
                made = network.madeBytes();
            }
            freeIfUnused();
        }
        if (store != null) {
            store.makeRoom();
        }
    }

    /** From now on the outline stays, once it is there; {@link #endQuestion} once for each. */
    synchronized void beginQuestion() {
        questions++;
    }

    synchronized void endQuestion() {
        questions--;
        freeIfUnused();
    }

    /** The network, loaded where it is not there; within a call. */
    Model network() {
        Model present = present();
        if (present != null) {
            return present;
        }
        if (loader == null) {
            throw new IllegalStateException("this network is closed");
        }
        synchronized (loading) {
            Model loaded = present();
            return loaded != null ? loaded : loaded(loader);
        }
    }

    private Model loaded(PartLoader with) {
        PartStore room = store;
        if (room == null) {
            return placed(with.load(), 0);
        }
        long expected = room.isLimited() ? expectedBytes(with) : 0;
        room.comes(expected);
        try {
            long begun = System.nanoTime();
            Model made = with.load();
            long taken = with.bytes(made);
            placed(made, taken);
            room.loaded(taken, System.nanoTime() - begun);
            return made;
        } finally {
            room.came(expected);
        }
    }

    /** 0 where only the network itself can be asked. */
    private long expectedBytes(PartLoader with) {
        beginQuestion();
        try {
            Model shapes = outline();
            return shapes == null ? 0 : with.bytes(shapes);
        } finally {
            endQuestion();
        }
    }

    private synchronized @Nullable Model present() {
        return network;
    }

    private synchronized Model placed(Model loaded, long taken) {
        network = loaded;
        bytes = taken;
        made = 0;
        return loaded;
    }

    /** Of its weights; 0 where it is not in memory. */
    synchronized long bytes() {
        return network == null ? 0 : bytes;
    }

    /** With what layers have made of the weights; that of a network in use is a part of what its call takes. */
    synchronized long heldBytes() {
        return calls > 0 ? bytes() : network == null ? 0 : bytes + made;
    }

    /** When a call last began or ended to use it. */
    long lastUse() {
        return lastUse;
    }

    /** @return the bytes that this frees; 0 where a call uses it, or it cannot be loaded again */
    synchronized long dropUnused() {
        long freed = calls > 0 || pinned || loader == null ? 0 : heldBytes();
        if (freed > 0) {
            drop();
        }
        return freed;
    }

    /** The network without weights, within a question; {@code null} where there is none, or none can be made. */
    @Nullable
    Model outline() {
        if (loader == null || isOutlined()) {
            return knownOutline();
        }
        synchronized (loading) {
            return isOutlined() ? knownOutline() : outlined(loader.outline());
        }
    }

    private synchronized boolean isOutlined() {
        return outlined;
    }

    private synchronized @Nullable Model knownOutline() {
        return outline;
    }

    private synchronized @Nullable Model outlined(@Nullable Model made) {
        outline = made;
        outlined = true;
        return made;
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

    synchronized boolean isPinned() {
        return pinned;
    }

    synchronized boolean isLoaded() {
        return network != null;
    }

    private void freeIfUnused() {
        if (leases == 0 && questions == 0 && outline != null) {
            outline.close();
            outline = null;
            outlined = false;
        }
        if (calls > 0 || leases > 0 && !dropped) {
            return;
        }
        dropped = false;
        Model unused = network;
        network = null;
        if (owned && unused != null) {
            unused.close();
        }
    }
}
