// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import java.util.HashMap;
import java.util.Map;

/**
 * Networks in memory, so that pipelines of the same files share one. Nothing in it needs to be closed: a network goes when its last
 * lease does. Thread-safe.
 */
public final class PartStore {
    private final Map<Object, SharedPart> parts = new HashMap<>();

    /**
     * A lease of the network of that key; not loaded before it is used.
     *
     * @param key equal for networks that are the same: their files, and how they are loaded
     * @param loader makes the network that the store then owns; called again where it was dropped
     * @return to be closed by the caller
     */
    public synchronized PartLease lease(Object key, PartLoader loader) {
        SharedPart part = parts.computeIfAbsent(key, absent -> SharedPart.loadedBy(loader));
        return new PartLease(part, () -> end(key, part));
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
}
