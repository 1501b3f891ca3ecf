// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import dev.diffusion4j.base.Keyed;
import java.util.List;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The number format that a network computes in. */
public enum Precision implements Keyed {
    /** 32-bit floats: the pictures that diffusers draws. */
    F32("f32", "float32", "fp32", "float", "full"),
    /** bfloat16 (8 bits of exponent, 7 of fraction): faster where the processor has it, coarser everywhere. */
    BF16("bf16", "bfloat16", "fp16", "f16", "float16", "half", "mixed"),
    /** {@link #BF16} where the machine is clearly faster with it, else {@link #F32}. */
    AUTO("auto");

    private final String key;
    private final List<String> otherNames;

    Precision(String key, String... otherNames) {
        this.key = key;
        this.otherNames = List.of(otherNames);
    }

    @Override
    public List<String> otherNames() {
        return otherNames;
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
