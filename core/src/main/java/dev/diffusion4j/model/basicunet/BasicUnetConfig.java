// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.basicunet;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.model.SampleSize;

/**
 * The config of a {@link BasicUnet}.
 *
 * @param sampleSize height and width
 * @param inChannels 1 or 3
 */
public record BasicUnetConfig(SampleSize sampleSize, int inChannels) {
    public static final BasicUnetConfig DEFAULT = new BasicUnetConfig(SampleSize.square(28), 1);

    public BasicUnetConfig {
        Check.inRange(inChannels, 1, 4096, "in_channels");
    }
}
