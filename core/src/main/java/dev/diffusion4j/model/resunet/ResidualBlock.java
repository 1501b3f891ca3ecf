// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.resunet;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.BatchNorm2d;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Batch norm without scale and shift, two convolutions, and the input added: He et al. (2016). */
final class ResidualBlock extends Layer {
    private static final double EPS = 1e-3;
    private static final double MOMENTUM = 0.01;

    private final @Nullable Conv2d shortcut;
    private final BatchNorm2d norm;
    private final Conv2d conv1;
    private final Conv2d conv2;

    ResidualBlock(int in, int out) {
        shortcut = in == out ? null : child("shortcut", Conv2d.pointwise(in, out));
        norm = child("norm", new BatchNorm2d(in, EPS, MOMENTUM, false));
        conv1 = child("conv1", Conv2d.same(in, out));
        conv2 = child("conv2", Conv2d.same(out, out));
    }

    /** (B, in, H, W) → (B, out, H, W), a new tensor. */
    Tensor forward(Tensor x) {
        return TensorScope.keepResult(() -> {
            Tensor residual = shortcut == null ? x : shortcut.forward(x);
            Tensor first = Activation.SILU.applyToTemporary(conv1.forward(norm.forward(x)));
            return residual.add(conv2.forward(first));
        });
    }
}
