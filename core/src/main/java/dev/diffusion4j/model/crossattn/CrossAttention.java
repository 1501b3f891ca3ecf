// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.crossattn;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.AttentionInput;
import dev.diffusion4j.layer.AttentionNames;
import dev.diffusion4j.layer.AttentionSpec;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.LayerNorm;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.layer.MultiHeadAttention;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Pixels ask, the tokens of a prompt answer: one head, norms after the sums, as in Vaswani et al. (2017). With a single token
 * the weight of its answer is always 1, and {@code w_q} and {@code w_k} learn nothing.
 */
final class CrossAttention extends Layer {
    private static final double EPS = 1e-5;
    private static final AttentionNames NAMES =
            new AttentionNames("w_q", "w_k", "w_v", "z_linear", "norm_q", "norm_k", 0);

    private final MultiHeadAttention attention;
    private final LayerNorm norm1;
    private final Linear feed0;
    private final Linear feed2;
    private final LayerNorm norm2;

    CrossAttention(int channels, int qSize, int vSize, int fSize, int contextDim) {
        AttentionSpec spec = AttentionSpec.self(channels, 1).with(s -> {
            s.contextFeatures = contextDim;
            s.headSize = qSize;
            s.valueSize = vSize;
        });
        attention = child("", new MultiHeadAttention(spec, NAMES));
        norm1 = child("norm1", new LayerNorm(channels, EPS));
        feed0 = child("feedforward.0", new Linear(channels, fSize));
        feed2 = child("feedforward.2", new Linear(fSize, channels));
        norm2 = child("norm2", new LayerNorm(channels, EPS));
    }

    /**
     * @param sample (B, C, H, W)
     * @param tokens (B, L, D)
     * @return (B, C, H, W), a new tensor
     */
    Tensor forward(Tensor sample, Tensor tokens) {
        return TensorScope.keepResult(() -> {
            long batch = sample.size(0);
            Tensor pixels = sample.permute(0, 2, 3, 1).reshape(batch, -1, sample.size(1));
            Tensor once = norm1.forward(
                    attention.forward(pixels, AttentionInput.of(tokens)).add(pixels));
            Tensor fed = feed2.forward(Activation.RELU.applyToTemporary(feed0.forward(once)));
            return norm2.forward(fed.add(once))
                    .view(batch, sample.size(2), sample.size(3), sample.size(1))
                    .permute(0, 3, 1, 2);
        });
    }
}
