// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Keyed;

/** What of the pictures' latents is computed before a training, for networks that learn in an autoencoder's latents. */
public enum LatentMode implements Keyed {
    /** Nothing: each picture is encoded each time that it is shown. */
    LIVE("live"),
    /** Each picture's distribution, once, kept in memory. */
    MEMORY("memory"),
    /** The same, kept in a file of the run's folder. */
    FILE("file");

    private final String key;

    LatentMode(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }
}
