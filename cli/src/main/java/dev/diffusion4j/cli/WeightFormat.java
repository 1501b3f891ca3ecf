// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.checkpoint.DType;
import java.util.List;

/** The number formats that {@code convert} writes weights in. */
enum WeightFormat implements Keyed {
    F32("f32", DType.F32, "float32", "fp32", "float"),
    FP16("fp16", DType.F16, "f16", "float16", "half"),
    BF16("bf16", DType.BF16, "bfloat16");

    private final String key;
    private final DType dtype;
    private final List<String> otherNames;

    WeightFormat(String key, DType dtype, String... otherNames) {
        this.key = key;
        this.dtype = dtype;
        this.otherNames = List.of(otherNames);
    }

    @Override
    public String key() {
        return key;
    }

    @Override
    public List<String> otherNames() {
        return otherNames;
    }

    DType dtype() {
        return dtype;
    }
}
