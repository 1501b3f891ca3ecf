// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.inception;

import static org.bytedeco.pytorch.global.torch.conv2d;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.Init;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.processor.PackedConvolution;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.jspecify.annotations.Nullable;

/**
 * A convolution without bias, batch norm, ReLU. The network is only looked through, never trained, so the norm is worked into the
 * convolution's numbers: one pass instead of two.
 */
final class InceptionConv extends Layer {
    private static final double EPS = 1e-3;
    private static final double DEVIATION = 0.1;
    private static final long[] NO_DILATION = {1, 1};

    private final Tensor weight;
    private final Tensor scale;
    private final Tensor shift;
    private final Tensor mean;
    private final Tensor variance;
    private final long[] stride;
    private final long[] padding;
    private volatile @Nullable Folded folded;

    /** Size kept where the stride is 1 and the padding half the kernel. */
    InceptionConv(long in, long out, long height, long width, long stride, long padHeight, long padWidth) {
        weight = parameter("conv.weight", out, in, height, width);
        scale = parameter("bn.weight", out);
        shift = parameter("bn.bias", out);
        mean = buffer("bn.running_mean", out);
        variance = buffer("bn.running_var", out);
        this.stride = new long[] {stride, stride};
        this.padding = new long[] {padHeight, padWidth};
    }

    /** 1×1. */
    static InceptionConv point(long in, long out) {
        return new InceptionConv(in, out, 1, 1, 1, 0, 0);
    }

    /** height × width, size kept. */
    static InceptionConv same(long in, long out, long height, long width) {
        return new InceptionConv(in, out, height, width, 1, height / 2, width / 2);
    }

    /** 3×3 without padding. */
    static InceptionConv valid(long in, long out, long stride) {
        return new InceptionConv(in, out, 3, 3, stride, 0, 0);
    }

    /** The convolution's numbers with the norm in them, and in the fastest order where that is known; owned by the layer. */
    private record Folded(Tensor weight, Tensor bias, TensorOptional biasOptional, @Nullable PackedConvolution packed) {
        void close() {
            if (packed != null) {
                packed.close();
            }
            biasOptional.close();
            weight.close();
            bias.close();
        }
    }

    /** (B, in, H, W) → (B, out, H', W'), a new tensor. */
    Tensor forward(Tensor x) {
        Folded now = folded(x);
        PackedConvolution fast = now.packed;
        if (fast != null && !GradMode.is_enabled()) {
            return fast.forwardRelu(x, now.bias);
        }
        return TensorScope.keepResult(() -> {
            Tensor plain = fast == null ? now.weight : now.weight.to_dense();
            Tensor raw = conv2d(x, plain, now.biasOptional, stride, padding, NO_DILATION, 1);
            return Activation.RELU.applyToTemporary(raw);
        });
    }

    private Folded folded(Tensor x) {
        Folded known = folded;
        return known == null ? foldOnce(x) : known;
    }

    private synchronized Folded foldOnce(Tensor x) {
        Folded known = folded;
        if (known == null) {
            known = fold(x);
            folded = known;
        }
        return known;
    }

    private Folded fold(Tensor x) {
        return TensorScope.compute(() -> {
            Tensor bias = shift.detach().sub(mean.mul(factor()));
            TensorOptional biasOptional = new TensorOptional(bias);
            Tensor scaled = weight.detach().mul(factor().view(-1, 1, 1, 1));
            boolean packs = x.device().is_cpu() && SpeedProbe.packs(Tensors.type(scaled));
            PackedConvolution packed = packs ? new PackedConvolution(scaled, stride, padding, Tensors.shape(x)) : null;
            Tensor kept = packed == null ? scaled : new Tensor(packed.weight());
            return new Folded(TensorScope.own(kept), TensorScope.own(bias), TensorScope.own(biasOptional), packed);
        });
    }

    private Tensor factor() {
        return scale.detach().div(variance.add(new Scalar(EPS)).sqrt());
    }

    @Override
    protected synchronized void dropPrepared() {
        Folded known = folded;
        if (known != null) {
            known.close();
            folded = null;
        }
    }

    @Override
    protected void initializeOwn(RandomStream random) {
        random.normal(weight, 0, DEVIATION);
        Init.fill(scale, 1);
        Init.fill(shift, 0);
        Init.fill(mean, 0);
        Init.fill(variance, 1);
    }
}
