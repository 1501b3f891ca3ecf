// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.crossattn;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.LayerNorm;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Pixels ask, the tokens of a prompt answer: one head, norms after the sums, as in Vaswani et al. (2017). With a single token
 * the weight of its answer is always 1, and {@code w_q} and {@code w_k} learn nothing.
 */
final class CrossAttention extends Layer {
    private static final double EPS = 1e-5;

    private final Linear question;
    private final Linear key;
    private final Linear value;
    private final Linear back;
    private final LayerNorm norm1;
    private final Linear feed0;
    private final Linear feed2;
    private final LayerNorm norm2;
    private final double scale;

    CrossAttention(long channels, long qSize, long vSize, long fSize, long contextDim) {
        question = child("w_q", new Linear(channels, qSize));
        key = child("w_k", new Linear(contextDim, qSize));
        value = child("w_v", new Linear(contextDim, vSize));
        back = child("z_linear", new Linear(vSize, channels));
        norm1 = child("norm1", new LayerNorm(channels, EPS));
        feed0 = child("feedforward.0", new Linear(channels, fSize));
        feed2 = child("feedforward.2", new Linear(fSize, channels));
        norm2 = child("norm2", new LayerNorm(channels, EPS));
        scale = 1 / Math.sqrt((double) qSize);
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
            Tensor scores = question.forward(pixels)
                    .mul(new Scalar(scale))
                    .bmm(key.forward(tokens).transpose(1, 2));
            Tensor answers = torch.softmax(scores, -1).bmm(value.forward(tokens));
            Tensor once = norm1.forward(back.forward(answers).add(pixels));
            Tensor fed = feed2.forward(Activation.RELU.applyToTemporary(feed0.forward(once)));
            return norm2.forward(fed.add(once))
                    .view(batch, sample.size(2), sample.size(3), sample.size(1))
                    .permute(0, 3, 1, 2);
        });
    }
}
