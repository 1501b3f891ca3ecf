// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import org.bytedeco.pytorch.Tensor;

/** One seeded stream of noise that may be drawn in several number formats. */
interface SeededStream extends NoiseSource {

    /**
     * ε ~ N(0, I) as torch draws it in a number format.
     *
     * @param shape (B, C, H, W)
     * @return {@code float32} on the CPU, whose values the format has; owned by the current scope
     */
    Tensor randn(NoiseDtype dtype, long... shape);

    @Override
    default Tensor randn(long... shape) {
        return randn(NoiseDtype.F32, shape);
    }
}
