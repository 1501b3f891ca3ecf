// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import dev.diffusion4j.base.Keyed;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The number format that a network computes in. */
public enum Precision implements Keyed {
    /** 32-bit floats: the pictures that diffusers draws. */
    F32("f32"),
    /** bfloat16 (8 bits of exponent, 7 of fraction): faster where the processor has it, coarser everywhere. */
    BF16("bf16"),
    /** {@link #BF16} where the machine is clearly faster with it, else {@link #F32}. */
    AUTO("auto");

    private final String key;

    Precision(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** LibTorch's name; not for {@code AUTO}. */
    public ScalarType scalarType() {
        return switch (this) {
            case F32 -> ScalarType.Float;
            case BF16 -> ScalarType.BFloat16;
            case AUTO -> throw new IllegalStateException("resolve 'auto' first");
        };
    }
}
