// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.processor;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A convolution whose weight was made ready once. For the CPU, without gradients. Immutable and thread-safe. */
public interface FastConvolution extends PackedWeight {
    /**
     * @param sample (B, in, H, W), channels last
     * @param bias {@code (out)}, or {@code null} for none
     * @return (B, out, H', W'), channels last, a new tensor
     */
    Tensor forward(Tensor sample, @Nullable Tensor bias);

    /**
     * Adds the convolution to {@code sum} in place.
     *
     * @param sum (B, out, H', W'), channels last, seen by nobody else
     * @param bias {@code (out)}, or {@code null} for none
     */
    void addTo(Tensor sum, Tensor sample, @Nullable Tensor bias);
}
