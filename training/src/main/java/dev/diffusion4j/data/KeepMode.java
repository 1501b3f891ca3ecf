// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Keyed;

/** Whether what a network that stays as it is makes of the data is computed before a training, and where that is kept. */
public enum KeepMode implements Keyed {
    /** It is computed each time that it is needed. */
    LIVE("live"),
    /** Computed once, kept in memory. */
    MEMORY("memory"),
    /** The same, kept in a file of the run's folder. */
    FILE("file");

    private final String key;

    KeepMode(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }
}
