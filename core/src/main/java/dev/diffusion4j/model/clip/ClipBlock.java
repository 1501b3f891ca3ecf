// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import static org.bytedeco.pytorch.global.torch.scaled_dot_product_attention;

import dev.diffusion4j.layer.Layer;
import dev.diffusion4j.layer.LayerNorm;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/** Attention to all tokens, or to those before, then two linear layers; norms come first: Radford et al. (2021). */
final class ClipBlock extends Layer {
    private final Linear query;
    private final Linear key;
    private final Linear value;
    private final Linear out;
    private final LayerNorm norm1;
    private final Linear wide;
    private final Linear narrow;
    private final LayerNorm norm2;
    private final int heads;
    private final boolean causal;
    private final ClipActivation activation;

    ClipBlock(long width, long inner, int heads, boolean causal, ClipActivation activation, double eps) {
        this.heads = heads;
        this.causal = causal;
        this.activation = activation;
        key = child("self_attn.k_proj", new Linear(width, width));
        value = child("self_attn.v_proj", new Linear(width, width));
        query = child("self_attn.q_proj", new Linear(width, width));
        out = child("self_attn.out_proj", new Linear(width, width));
        norm1 = child("layer_norm1", new LayerNorm(width, eps));
        wide = child("mlp.fc1", new Linear(width, inner));
        narrow = child("mlp.fc2", new Linear(inner, width));
        norm2 = child("layer_norm2", new LayerNorm(width, eps));
    }

    /** (B, L, D) → (B, L, D), a new tensor. */
    Tensor forward(Tensor states) {
        return TensorScope.keepResult(() -> {
            Tensor attended = states.add(attend(norm1.forward(states)));
            return attended.add(narrow.forward(activation.apply(wide.forward(norm2.forward(attended)))));
        });
    }

    private Tensor attend(Tensor states) {
        return TensorScope.keepResult(() -> {
            Tensor joined = scaled_dot_product_attention(
                    split(query.forward(states)),
                    split(key.forward(states)),
                    split(value.forward(states)),
                    new TensorOptional(),
                    0,
                    causal,
                    new DoubleOptional(),
                    false);
            return out.forward(joined.transpose(1, 2).reshape(states.size(0), states.size(1), states.size(2)));
        });
    }

    private Tensor split(Tensor x) {
        return x.view(x.size(0), x.size(1), heads, -1).transpose(1, 2);
    }
}
