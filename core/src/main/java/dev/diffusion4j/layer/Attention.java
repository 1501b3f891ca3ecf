// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Every pixel looks at every pixel: Vaswani et al. (2017) on a sample's pixels, with group norm before and the input added
 * after. Names are those of diffusers' {@code Attention}.
 */
public final class Attention extends Layer {
    private final @Nullable GroupNorm norm;
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear out;
    private final long heads;
    private final double outputScale;

    /**
     * @param channels C
     * @param headSize channels of a head; C div headSize heads
     * @param groups of the norm, or {@code null} for none
     * @param outputScale the sum is divided by it
     */
    public Attention(int channels, int headSize, @Nullable Integer groups, double eps, double outputScale) {
        this.heads = channels / headSize;
        Check.that(
                heads > 0,
                "attention_head_dim " + headSize + " is larger than the " + channels + " channels that it divides");
        this.outputScale = outputScale;
        norm = groups == null ? null : child("group_norm", new GroupNorm(groups, channels, eps));
        long inner = heads * headSize;
        query = child("to_q", new Linear(channels, inner));
        key = child("to_k", new Linear(channels, inner));
        value = child("to_v", new Linear(channels, inner));
        out = child("to_out.0", new Linear(inner, channels));
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
            Tensor tokens = (norm == null ? sample : norm.forward(sample)).reshape(batch, channels, pixels).transpose(1, 2);
            Tensor mixed = TensorScope.keepResult(() -> AttentionKernel.attend(
                            split(query.forward(tokens)), split(key.forward(tokens)), split(value.forward(tokens)))
                    .transpose(1, 2)
                    .reshape(batch, pixels, -1));
            Tensor result = out.forward(mixed).transpose(1, 2).reshape(batch, channels, sample.size(2), sample.size(3));
            Tensor sum = GradMode.is_enabled() ? result.add(sample) : result.add_(sample);
            return outputScale == 1 ? sum : sum.div(new Scalar(outputScale));
        });
    }

    /** (B, L, heads·D) to (B, heads, L, D), a view. */
    private Tensor split(Tensor tokens) {
        return tokens.view(tokens.size(0), tokens.size(1), heads, -1).transpose(1, 2);
    }
}
