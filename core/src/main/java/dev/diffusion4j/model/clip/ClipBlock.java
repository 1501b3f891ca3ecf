// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.layer.AttentionNames;
import dev.diffusion4j.layer.AttentionSpec;
import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.LayerNorm;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.layer.MultiHeadAttention;
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

    ClipBlock(long width, long inner, int heads, boolean causal, ClipActivation activation, double eps) {
        this.activation = activation;
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
}
