// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Keyed;

/** Which part of a data set that has two. */
public enum Split implements Keyed {
    TRAIN("train"),
    TEST("test"),
    /** The training part, then the test part. */
    ALL("all");

    private final String key;

    Split(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    public boolean hasTrain() {
        return this != TEST;
    }

    public boolean hasTest() {
        return this != TRAIN;
    }
}
