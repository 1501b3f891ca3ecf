// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.crossattn;

import dev.diffusion4j.layer.Activation;
import dev.diffusion4j.layer.BatchNorm2d;
import dev.diffusion4j.layer.Conv2d;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;

/** Two convolutions with the time added between them, then attention to the prompt. */
final class ConvBlock extends Layer {
    private static final double EPS = 1e-5;
    private static final double MOMENTUM = 0.1;

    private final Conv2d conv1;
    private final BatchNorm2d norm1;
    private final Linear time;
    private final Conv2d conv2;
    private final BatchNorm2d norm2;
    private final CrossAttention attention;

    ConvBlock(int in, int out, CrossAttentionConfig config) {
        conv1 = child("seq1.0", Conv2d.same(in, out));
        norm1 = child("seq1.1", new BatchNorm2d(out, EPS, MOMENTUM, true));
        time = child("time_emb_linear", new Linear(config.timeEmbedDim(), out));
        conv2 = child("seq2.0", Conv2d.same(out, out));
        norm2 = child("seq2.1", new BatchNorm2d(out, EPS, MOMENTUM, true));
        attention = child(
                "crossattn",
                new CrossAttention(out, config.qSize(), config.vSize(), config.fSize(), config.contextDim()));
    }

    /**
     * @param when (B, timeEmbedDim)
     * @param tokens (B, L, D)
     */
    Tensor forward(Tensor x, Tensor when, Tensor tokens) {
        return TensorScope.keepResult(() -> {
            Tensor shift = Activation.RELU.applyToTemporary(time.forward(when));
            Tensor timed = norm1.forward(conv1.forward(x), Activation.RELU, shift);
            Tensor second = norm2.forward(conv2.forward(timed), Activation.RELU);
            return attention.forward(second, tokens);
        });
    }
}
