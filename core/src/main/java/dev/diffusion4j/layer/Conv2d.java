// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.conv2d;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/** A square convolution with bias: {@code weight (out, in, k, k)}, {@code bias (out)}. */
public final class Conv2d extends Layer {
    private static final long[] NO_DILATION = {1, 1};

    private final Tensor weight;
    private final Tensor bias;
    private final TensorOptional biasOptional;
    private final long[] stride;
    private final long[] padding;

    public Conv2d(long in, long out, long kernel, long stride, long padding) {
        weight = parameter("weight", out, in, kernel, kernel);
        bias = parameter("bias", out);
        biasOptional = TensorScope.own(new TensorOptional(bias));
        this.stride = new long[] {stride, stride};
        this.padding = new long[] {padding, padding};
    }

    /** 3×3, stride 1, size kept. */
    public static Conv2d same(long in, long out) {
        return new Conv2d(in, out, 3, 1, 1);
    }

    /** 1×1. */
    public static Conv2d pointwise(long in, long out) {
        return new Conv2d(in, out, 1, 1, 0);
    }

    /**
     * @param sample (B, in, H, W)
     * @return (B, out, H', W'), a new tensor
     */
    public Tensor forward(Tensor sample) {
        return conv2d(sample, weight, biasOptional, stride, padding, NO_DILATION, 1);
    }

    /** {@code (out, in, k, k)}; borrowed. */
    public Tensor weight() {
        return weight;
    }

    /** {@code (out)}; borrowed. */
    public Tensor bias() {
        return bias;
    }

    @Override
    protected void initializeOwn(RandomStream random) {
        Init.kaiming(weight, bias, weight.size(1) * weight.size(2) * weight.size(3), random);
    }

    @Override
    public void close() {
        biasOptional.close();
        super.close();
    }
}
