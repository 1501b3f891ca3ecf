// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.is_autocast_enabled;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.scaled_dot_product_attention;
import static org.bytedeco.pytorch.global.torch.set_autocast_enabled;
import static org.bytedeco.pytorch.global.torch.softmax;

import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** softmax(q·kᵀ/√D)·v: Vaswani et al. (2017), eq. 1. */
final class AttentionProduct {
    /** Keys up to which those of another sequence are seen by two plain products: a class or a few words. */
    private static final long FEW_KEYS = 32;

    private AttentionProduct() {}

    /**
     * @param query (B, heads, L, D)
     * @param key (B, heads, L', D)
     * @param value (B, heads, L', D')
     * @param mask which keys may be seen, {@code bool (B, L')}; {@code null} for all
     * @param causal whether token i sees only the keys up to i
     * @return (B, heads, L, D'), a new tensor
     */
    static Tensor attend(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, boolean causal) {
        if (mask == null && !causal && key.size(2) <= FEW_KEYS && key.size(2) != query.size(2)) {
            return byProducts(query, key, value);
        }
        ScalarType type = Tensors.type(query);
        if (type == ScalarType.Float || query.is_cuda()) {
            return fused(query, key, value, mask, causal);
        }
        if (mask == null && !causal && !GradMode.is_enabled() && SpeedProbe.multipliesFast(type)) {
            return HalfAttention.attend(query, key, value);
        }
        // without MKL, bf16 attention on the CPU falls to a scalar product, 30 times slower
        boolean autocast = is_autocast_enabled(DeviceType.CPU);
        set_autocast_enabled(DeviceType.CPU, false);
        try {
            return TensorScope.keepResult(() -> fused(
                            query.to(ScalarType.Float),
                            key.to(ScalarType.Float),
                            value.to(ScalarType.Float),
                            mask,
                            causal)
                    .to(type));
        } finally {
            set_autocast_enabled(DeviceType.CPU, autocast);
        }
    }

    private static Tensor byProducts(Tensor query, Tensor key, Tensor value) {
        return TensorScope.keepResult(() -> weighted(weights(query, key), value));
    }

    /** softmax(q·kᵀ/√D), (B, heads, L, L'), by a plain product. */
    static Tensor weights(Tensor query, Tensor key) {
        return TensorScope.keepResult(() -> {
            Tensor scores = query.flatten(0, 1)
                    .mul(new Scalar(1 / Math.sqrt((double) query.size(3))))
                    .bmm(key.flatten(0, 1).transpose(1, 2));
            return softmax(scores, -1).view(query.size(0), query.size(1), query.size(2), key.size(2));
        });
    }

    /** weights·v by a plain product: (B, heads, L, D') from (B, heads, L, L') and (B, heads, L', D'). */
    static Tensor weighted(Tensor weights, Tensor value) {
        return TensorScope.keepResult(() -> weights.flatten(0, 1)
                .bmm(value.flatten(0, 1))
                .view(weights.size(0), weights.size(1), weights.size(2), value.size(3)));
    }

    private static Tensor fused(Tensor query, Tensor key, Tensor value, @Nullable Tensor mask, boolean causal) {
        if (mask == null) {
            return scaled_dot_product_attention(
                    query, key, value, new TensorOptional(), 0, causal, new DoubleOptional(), false);
        }
        return TensorScope.keepResult(() -> {
            Tensor seen = mask.unsqueeze(1).unsqueeze(2);
            if (causal) {
                Tensor square = ones(query.size(2), key.size(2)).tril();
                seen = seen.logical_and(square.to(mask.device(), ScalarType.Bool));
            }
            return scaled_dot_product_attention(
                    query, key, value, new TensorOptional(seen), 0, false, new DoubleOptional(), false);
        });
    }
}
