// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The pixels of a sample ask each other, with group norm before and the input added after: Ho et al. (2020). Names are those of diffusers'
 * {@code Attention}.
 */
public final class PixelAttention extends BlockPart {
    private final @Nullable GroupNorm norm;
    private final MultiHeadAttention attention;
    private final double outputScale;

    /**
     * @param channels C
     * @param headSize channels of a head; C div headSize heads
     * @param groups of the norm, or {@code null} for none
     * @param outputScale the sum is divided by it
     */
    public PixelAttention(int channels, int headSize, @Nullable Integer groups, double eps, double outputScale) {
        int heads = channels / headSize;
        Check.that(
                heads > 0,
                "attention_head_dim " + headSize + " is larger than the " + channels + " channels that it divides");
        this.outputScale = outputScale;
        norm = groups == null ? null : child("group_norm", new GroupNorm(groups, channels, eps));
        AttentionSpec spec = AttentionSpec.self(channels, heads).with(s -> {
            s.headSize = headSize;
            s.valueSize = headSize;
        });
        attention = child("", new MultiHeadAttention(spec, AttentionNames.DIFFUSERS));
    }

    @Override
    public Tensor forward(Tensor sample, BlockInput input) {
        return forward(sample);
    }

    /**
     * @param sample (B, C, H, W)
     * @return the same shape, a new tensor
     */
    public Tensor forward(Tensor sample) {
        return TensorScope.keepResult(() -> {
            long batch = sample.size(0);
            long channels = sample.size(1);
            long pixels = sample.size(2) * sample.size(3);
            Tensor tokens = (norm == null ? sample : norm.forward(sample))
                    .reshape(batch, channels, pixels)
                    .transpose(1, 2);
            Tensor result =
                    attention.forward(tokens).transpose(1, 2).reshape(batch, channels, sample.size(2), sample.size(3));
            Tensor sum = GradMode.is_enabled() ? result.add(sample) : result.add_(sample);
            return outputScale == 1 ? sum : sum.div(new Scalar(outputScale));
        });
    }
}
