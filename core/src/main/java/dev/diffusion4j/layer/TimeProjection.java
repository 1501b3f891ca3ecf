// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import org.bytedeco.pytorch.Tensor;

/** From a timestep to raw features. */
public abstract class TimeProjection extends Layer {
    /**
     * @param timesteps {@code float32 (B)}; whole or fractional
     * @return {@code float32 (B, features)}, a new tensor
     */
    public abstract Tensor forward(Tensor timesteps);
}
