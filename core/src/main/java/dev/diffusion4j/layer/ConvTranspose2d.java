// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.addmm;
import static org.bytedeco.pytorch.global.torch.conv_transpose2d;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.WeightMemory;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/**
 * A transposed convolution whose kernel is as wide as its stride, with bias: {@code weight (in, out, k, k)}, {@code bias (out)}. No two pixels reach
 * the same one, so it is a matrix product whose results are put in other places; in bf16 a training computes it so.
 */
public final class ConvTranspose2d extends Layer {
    /** Channels of the input from which the product is quicker where the weight does not learn; with fewer, putting its results in place costs more. */
    private static final long PRODUCT_CHANNELS = 256;

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
        return isProduct(sample)
                ? TensorScope.keepResult(() -> product(sample))
                : conv_transpose2d(sample, weight, biasOptional, stride, NONE, NONE, 1, ONE);
    }

    /** oneDNN's gradients of weight and bias are plain loops: a step's pass over all took 1.6 to 2.7 times as long. In f32 the product is slower. */
    private boolean isProduct(Tensor sample) {
        return GradMode.is_enabled()
                && isChannelsLast()
                && sample.dim() == 4
                && sample.size(1) == weight.size(0)
                && (weight.requires_grad() || weight.size(0) >= PRODUCT_CHANNELS)
                && Half.onCpu(sample, weight, bias);
    }

    private Tensor product(Tensor sample) {
        long side = stride[0];
        long out = weight.size(1);
        Tensor pixels = Half.of(sample).permute(0, 2, 3, 1);
        Tensor matrix = Half.of(weight).permute(0, 2, 3, 1).reshape(weight.size(0), -1);
        Tensor rows = addmm(Half.of(bias).repeat(side * side), pixels.reshape(-1, weight.size(0)), matrix);
        return rows.view(pixels.size(0), pixels.size(1), pixels.size(2), side, side, out)
                .permute(0, 1, 3, 2, 4, 5)
                .reshape(pixels.size(0), pixels.size(1) * side, pixels.size(2) * side, out)
                .permute(0, 3, 1, 2);
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
