// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.unetlab;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.GroupNorm;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;

/** Convolution 3×3, group normalisation, GELU. */
final class GeluConv extends Layer {
    private static final double EPS = 1e-5;

    private final Conv2d conv;
    private final GroupNorm norm;

    GeluConv(int in, int out, int groups) {
        conv = child("model.0", Conv2d.same(in, out));
        norm = child("model.1", new GroupNorm(groups, out, EPS));
    }

    /** (B, in, H, W) → (B, out, H, W), a new tensor. */
    Tensor forward(Tensor x) {
        return TensorScope.keepResult(() -> norm.forward(conv.forward(x), null, Activation.GELU));
    }
}
