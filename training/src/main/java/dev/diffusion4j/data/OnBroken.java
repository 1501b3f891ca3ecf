// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Keyed;

/** What to do about a picture that cannot be read. */
public enum OnBroken implements Keyed {
    /** Warn once, count it, and take the next good picture of the epoch's order in its place. */
    SKIP("skip"),
    /** Stop the run. */
    FAIL("fail");

    private final String key;

    OnBroken(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }
}
