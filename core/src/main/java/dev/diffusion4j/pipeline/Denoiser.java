// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import org.bytedeco.pytorch.Tensor;

/** A network with its condition bound, so that only the sample and the time are open. */
@FunctionalInterface
public interface Denoiser {
    /**
     * @param sample scaled as the scheduler requires, {@code float32 (B, C, H, W)}: the whole batch, or a part of it
     * @param call when, and which pictures of the batch
     * @return the network's output, {@code float32 (B, C', H, W)}, owned by the current scope
     */
    Tensor predict(Tensor sample, NetworkCall call);
}
