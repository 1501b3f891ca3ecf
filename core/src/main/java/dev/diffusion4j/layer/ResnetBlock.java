// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.chunk;

import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.jspecify.annotations.Nullable;

/**
 * Two convolutions beside a shortcut, told the time between them: He et al. (2016) with the pre-activation of Ho et al. (2020).
 * Names and variants are those of diffusers' {@code ResnetBlock2D}.
 *
 * <pre>norm1 → act → [resample] → conv1 → + time → norm2 → act → dropout → conv2 → + shortcut → / scale</pre>
 */
public final class ResnetBlock extends Layer {

    /**
     * @param in channels before
     * @param out channels after
     * @param timeFeatures size of the time embedding
     * @param groups of the first norm
     * @param groupsOut of the second norm
     * @param scaleShift the time scales and shifts the second norm's output, instead of being added before it
     * @param outputScale the sum is divided by it
     * @param forceShortcut a 1×1 convolution on the shortcut even where the channels agree
     */
    public record Spec(
            int in,
            int out,
            int timeFeatures,
            int groups,
            int groupsOut,
            double eps,
            double dropout,
            Activation activation,
            boolean scaleShift,
            double outputScale,
            Resample.Kind resample,
            boolean forceShortcut) {}

    private final Spec spec;
    private final GroupNorm norm1;
    private final Conv2d conv1;
    private final Linear timeProjection;
    private final GroupNorm norm2;
    private final Dropout dropout;
    private final Conv2d conv2;
    private final @Nullable Conv2d shortcut;

    public ResnetBlock(Spec spec) {
        this.spec = spec;
        norm1 = child("norm1", new GroupNorm(spec.groups, spec.in, spec.eps));
        conv1 = child("conv1", Conv2d.same(spec.in, spec.out));
        timeProjection =
                child("time_emb_proj", new Linear(spec.timeFeatures, spec.scaleShift ? 2L * spec.out : spec.out));
        norm2 = child("norm2", new GroupNorm(spec.groupsOut, spec.out, spec.eps));
        dropout = new Dropout(spec.dropout);
        conv2 = child("conv2", Conv2d.same(spec.out, spec.out));
        shortcut = spec.in != spec.out || spec.forceShortcut
                ? child("conv_shortcut", Conv2d.pointwise(spec.in, spec.out))
                : null;
    }

    /**
     * @param sample (B, in, H, W)
     * @param activatedTime the activation of the time embedding, (B, timeFeatures)
     * @return (B, out, H', W'), a new tensor; H' = H unless resampled
     */
    public Tensor forward(Tensor sample, Tensor activatedTime) {
        return TensorScope.keepResult(() -> {
            Tensor normed = upToSecondConvolution(sample, activatedTime);
            Tensor residual = spec.resample.apply(sample);
            if (shortcut != null) {
                residual = shortcut.forward(residual);
            }
            boolean isTemporary = shortcut != null || spec.resample != Resample.Kind.NONE; // not the caller's own
            Tensor sum = conv2.forwardPlus(dropout.forward(normed), residual, isTemporary);
            return spec.outputScale == 1 ? sum : sum.div(new Scalar(spec.outputScale));
        });
    }

    private Tensor upToSecondConvolution(Tensor sample, Tensor activatedTime) {
        return TensorScope.keepResult(() -> {
            Tensor time = timeProjection.forward(activatedTime);
            Tensor hidden = TensorScope.keepResult(
                    () -> conv1.forward(spec.resample.apply(norm1.forward(sample, null, spec.activation))));
            if (!spec.scaleShift) {
                return norm2.forward(hidden, time, spec.activation);
            }
            TensorVector parts = chunk(time.unsqueeze(2).unsqueeze(3), 2, 1);
            Tensor scaled =
                    norm2.forward(hidden).mul(parts.get(0).add(new Scalar(1.0))).add(parts.get(1));
            return spec.activation.applyToTemporary(scaled);
        });
    }
}
