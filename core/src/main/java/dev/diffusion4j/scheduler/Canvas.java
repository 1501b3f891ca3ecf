// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;

/**
 * How large the samples of a run are.
 *
 * @param height of a sample, in its own values
 * @param width of a sample
 * @param patchSize how many values, along each side, the network takes together as one token; 1 for networks of convolutions
 */
public record Canvas(long height, long width, int patchSize) {

    public Canvas {
        Check.positive(height, "height");
        Check.positive(width, "width");
        Check.positive(patchSize, "patch_size");
    }

    /** How many tokens there are: diffusers' {@code image_seq_len}. */
    public long imageSeqLen() {
        return (height / patchSize) * (width / patchSize);
    }
}
