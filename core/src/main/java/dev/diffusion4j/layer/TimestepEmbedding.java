// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;

/** Two linear maps with SiLU between: raw time features to what the blocks are given. Names as in diffusers. */
public final class TimestepEmbedding extends Layer {
    private final Linear linear1;
    private final Linear linear2;

    public TimestepEmbedding(long in, long out) {
        linear1 = child("linear_1", new Linear(in, out));
        linear2 = child("linear_2", new Linear(out, out));
    }

    /**
     * @param features (B, in)
     * @return (B, out), a new tensor
     */
    public Tensor forward(Tensor features) {
        return TensorScope.keepResult(
                () -> linear2.forward(Activation.SILU.applyToTemporary(linear1.forward(features))));
    }
}
