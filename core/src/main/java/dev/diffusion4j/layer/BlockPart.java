// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import org.bytedeco.pytorch.Tensor;

/** A layer that a block of a U-Net or an autoencoder is assembled from: a sample to a sample. */
public abstract class BlockPart extends Layer {
    /**
     * @param sample (B, C, H, W)
     * @param input what the call was given beside the sample; a part reads what it needs of it
     * @return (B, C', H', W'), a new tensor
     */
    public abstract Tensor forward(Tensor sample, BlockInput input);
}
