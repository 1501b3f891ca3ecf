// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.layer.AttentionNames;
import dev.diffusion4j.layer.AttentionSpec;
import dev.diffusion4j.layer.Init;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.LayerNorm;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.layer.MultiHeadAttention;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;

/** Attention to all tokens, or to those before, then two linear layers; norms come first: Radford et al. (2021). */
final class ClipBlock extends Layer {
    private final MultiHeadAttention attention;
    private final LayerNorm norm1;
    private final Linear wide;
    private final Linear narrow;
    private final LayerNorm norm2;
    private final ClipActivation activation;
    private final Spread spread;

    /**
     * The deviations of fresh weights, as transformers has them.
     *
     * @param inward of what reads the block's input or adds to the sum of all blocks
     * @param outward of what joins the heads
     * @param wide of the first of the two linear layers
     */
    record Spread(double inward, double outward, double wide) {
        static Spread of(int width, int blocks, double factor) {
            double root = factor / Math.sqrt((double) width);
            return new Spread(root / Math.sqrt(2.0 * blocks), root, root / Math.sqrt(2));
        }
    }

    /** @param spread deviations of fresh weights */
    ClipBlock(long width, long inner, int heads, boolean causal, ClipActivation activation, double eps, Spread spread) {
        this.activation = activation;
        this.spread = spread;
        AttentionSpec spec = AttentionSpec.self((int) width, heads).with(s -> s.causal = causal);
        attention = child("self_attn", new MultiHeadAttention(spec, AttentionNames.TRANSFORMERS));
        norm1 = child("layer_norm1", new LayerNorm(width, eps));
        wide = child("mlp.fc1", new Linear(width, inner));
        narrow = child("mlp.fc2", new Linear(inner, width));
        norm2 = child("layer_norm2", new LayerNorm(width, eps));
    }

    /** (B, L, D) → (B, L, D), a new tensor. */
    Tensor forward(Tensor states) {
        return TensorScope.keepResult(() -> {
            Tensor attended = states.add(attention.forward(norm1.forward(states)));
            return attended.add(narrow.forward(activation.apply(wide.forward(norm2.forward(attended)))));
        });
    }

    @Override
    protected void initializeAfterParts(RandomStream random) {
        namedParameters().forEach((name, tensor) -> {
            if (name.endsWith("bias")) {
                Init.fill(tensor, 0);
            } else if (!name.startsWith("layer_norm")) {
                boolean isOut = name.startsWith("self_attn.out_proj");
                boolean isWide = name.startsWith("mlp.fc1");
                random.normal(tensor, 0, isOut ? spread.outward : isWide ? spread.wide : spread.inward);
            }
        });
    }
}
