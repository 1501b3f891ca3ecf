// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import dev.diffusion4j.base.Check;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/**
 * Networks in memory, so that pipelines of the same files share one. Nothing in it needs to be closed: a network goes when its last
 * lease does. Within a {@link #limit} of bytes, those that were not used longest are dropped before another is read; the next call that needs
 * one reads it again. Thread-safe.
 */
public final class PartStore {
    private final Map<Object, SharedPart> parts = new HashMap<>();
    private final EqualParts places = new EqualParts();
    private final Watcher watcher;
    private volatile long most = Long.MAX_VALUE;
    private long coming;

    /** Sees networks come and go, on the thread that makes them; it must be brief, and throw nothing. */
    public interface Watcher {
        /** Sees nothing. */
        Watcher NONE = new Watcher() {};

        /**
         * A network was read.
         *
         * @param bytes of its weights
         */
        default void onLoad(long bytes, Duration took) {}

        /** A network was dropped to make room. */
        default void onDrop(long bytes) {}
    }

    /** As many networks as are leased. */
    public PartStore() {
        this(Watcher.NONE);
    }

    /** As many networks as are leased. */
    public PartStore(Watcher watcher) {
        this.watcher = watcher;
    }

    /**
     * How many bytes the weights of networks may take together from now on. Those that calls use, that are pinned, or that cannot be loaded again
     * stay, whatever it is. What layers have made of their weights counts too where a network is not in use.
     */
    public void limit(long bytes) {
        Check.that(bytes >= 0, "a limit of bytes must be >= 0, but was " + bytes);
        most = bytes;
        makeRoom();
    }

    /** The bytes of the weights that are in memory. */
    public synchronized long bytes() {
        return parts.values().stream().mapToLong(SharedPart::bytes).sum();
    }

    /**
     * A lease of the network of that key; not loaded before it is used.
     *
     * @param key equal for networks that are the same: their files, and how they are loaded
     * @param loader makes the network that the store then owns; called again where it was dropped
     * @return to be closed by the caller
     */
    public synchronized PartLease lease(Object key, PartLoader loader) {
        SharedPart part = parts.computeIfAbsent(key, absent -> SharedPart.loadedBy(loader, this));
        return new PartLease(part, () -> end(key, part));
    }

    /**
     * Where the network of a place is read, for its key: equal for places that hold the same, byte by byte, so that the store holds one for all. Files
     * must stay as they are while a network of theirs is leased.
     */
    public Path placeOf(Path place, PartContent content) {
        return places.first(place, content);
    }

    private synchronized void end(Object key, SharedPart part) {
        if (part.endLease()) {
            parts.remove(key);
        }
    }

    /** How many networks are held, loaded or dropped. */
    public synchronized int size() {
        return parts.size();
    }

    boolean isLimited() {
        return most < Long.MAX_VALUE;
    }

    /** A network of so many bytes is about to be read; {@link #came} follows in any case. */
    synchronized void comes(long bytes) {
        coming += bytes;
        makeRoom();
    }

    synchronized void came(long bytes) {
        coming -= bytes;
        makeRoom();
    }

    void loaded(long bytes, long nanos) {
        watcher.onLoad(bytes, Duration.ofNanos(nanos));
    }

    /** Drops what was not used longest, as far as it has to and can. */
    void makeRoom() {
        if (!isLimited()) {
            return;
        }
        synchronized (this) {
            long all = coming
                    + parts.values().stream().mapToLong(SharedPart::heldBytes).sum();
            if (all <= most) {
                return;
            }
            for (SharedPart oldest : parts.values().stream()
                    .sorted(Comparator.comparingLong(SharedPart::lastUse))
                    .toList()) {
                long freed = all <= most ? 0 : oldest.dropUnused();
                if (freed > 0) {
                    all -= freed;
                    watcher.onDrop(freed);
                }
            }
        }
    }
}
