// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data;

import dev.diffusion4j.base.Keyed;

/** How many channels a network is given. */
public enum ChannelMode implements Keyed {
    /** As many as the source has: 1 for digits, 3 for photos. */
    AUTO("auto"),
    /** 1; colours become luma. */
    GREY("grey"),
    /** 3; grey is repeated. */
    RGB("rgb");

    private final String key;

    ChannelMode(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** 1 or 3. */
    public int channelsOf(Dataset dataset) {
        return switch (this) {
            case AUTO -> dataset.channels();
            case GREY -> 1;
            case RGB -> 3;
        };
    }
}
