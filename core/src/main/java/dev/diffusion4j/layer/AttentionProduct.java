// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.is_autocast_enabled;
import static org.bytedeco.pytorch.global.torch.scaled_dot_product_attention;
import static org.bytedeco.pytorch.global.torch.set_autocast_enabled;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** softmax(q·kᵀ/√D)·v. */
final class AttentionProduct {
    private AttentionProduct() {}

    /**
     * @param query (B, heads, L, D)
     * @param key (B, heads, L', D)
     * @param value (B, heads, L', D)
     * @return (B, heads, L, D), a new tensor
     */
    static Tensor attend(Tensor query, Tensor key, Tensor value) {
        ScalarType type = Tensors.type(query);
        if (type == ScalarType.Float || query.is_cuda()) {
            return scaled_dot_product_attention(query, key, value);
        }
        // without MKL, bf16 attention on the CPU falls to a scalar product, 30 times slower
        boolean autocast = is_autocast_enabled(DeviceType.CPU);
        set_autocast_enabled(DeviceType.CPU, false);
        try {
            return TensorScope.keepResult(() -> scaled_dot_product_attention(
                            query.to(ScalarType.Float), key.to(ScalarType.Float), value.to(ScalarType.Float))
                    .to(type));
        } finally {
            set_autocast_enabled(DeviceType.CPU, autocast);
        }
    }
}
