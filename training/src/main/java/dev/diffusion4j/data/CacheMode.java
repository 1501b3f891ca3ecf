// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Keyed;

/** Whether decoded and resized pictures are kept. */
public enum CacheMode implements Keyed {
    /** In memory where they take at most a quarter of it. */
    AUTO("auto"),
    /** In memory. */
    MEMORY("memory"),
    /** Decoded anew each time. */
    NONE("none");

    /** Of an object that is kept, in bytes. */
    private static final long OVERHEAD = 100;

    private final String key;

    CacheMode(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** Whether to keep {@code count} pictures of {@code bytes} each. */
    boolean keeps(long count, long bytes) {
        return this == MEMORY
                || this == AUTO && taken(count, bytes) <= Runtime.getRuntime().maxMemory() / 4;
    }

    /** What {@code count} pictures of {@code bytes} each take where they are kept, in bytes. */
    static long taken(long count, long bytes) {
        return count * (bytes + OVERHEAD);
    }
}
