// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.conv_transpose2d;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.WeightMemory;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/** A transposed convolution whose kernel is as wide as its stride, with bias: {@code weight (in, out, k, k)}, {@code bias (out)}. */
public final class ConvTranspose2d extends Layer {
    private static final long[] NONE = {0, 0};
    private static final long[] ONE = {1, 1};

    private final Tensor weight;
    private final Tensor bias;
    private final TensorOptional biasOptional;
    private final long[] stride;

    /** Enlarges {@code stride} times. */
    public ConvTranspose2d(long in, long out, long stride) {
        weight = parameter("weight", in, out, stride, stride);
        bias = parameter("bias", out);
        biasOptional = WeightMemory.optional(bias);
        this.stride = new long[] {stride, stride};
    }

    /**
     * @param sample (B, in, H, W)
     * @return (B, out, stride·H, stride·W), a new tensor
     */
    public Tensor forward(Tensor sample) {
        if (isStored()) {
            return StoredWeight.operate(
                    sample,
                    (input, seen) -> conv_transpose2d(
                            input, seen.apply(weight), StoredWeight.optional(bias, seen), stride, NONE, NONE, 1, ONE));
        }
        return conv_transpose2d(sample, weight, biasOptional, stride, NONE, NONE, 1, ONE);
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
