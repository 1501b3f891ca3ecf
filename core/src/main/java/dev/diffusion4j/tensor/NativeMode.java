// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import dev.diffusion4j.base.Keyed;

/**
 * What is done about the process-wide settings without which LibTorch is slow: the word of {@link NativeRuntime#configure(NativeMode)} and of
 * {@code -Ddiffusion4j.native}.
 */
public enum NativeMode implements Keyed {
    /** They are made where nobody has made them, and what could not be made is logged. */
    APPLY("apply"),
    /** None is made; those that are missing are logged. */
    CHECK("check"),
    /** All stays as it is, and nothing is said. */
    KEEP("keep");

    private final String key;

    NativeMode(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }
}
