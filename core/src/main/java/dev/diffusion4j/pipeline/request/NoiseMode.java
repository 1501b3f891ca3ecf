// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline.request;

import dev.diffusion4j.base.Keyed;

/** Where a batch's noise comes from. */
public enum NoiseMode implements Keyed {
    /** Image k has its own stream, seeded seed + k: a picture does not depend on the batch it was drawn in. */
    PER_IMAGE("per-image"),
    /** One stream for the whole batch, as diffusers with a single generator. */
    SHARED("shared");

    private final String key;

    NoiseMode(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }
}
