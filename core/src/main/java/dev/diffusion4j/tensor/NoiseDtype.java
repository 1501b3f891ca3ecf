// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import dev.diffusion4j.base.Keyed;
import java.util.List;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The number format that noise is drawn in. On the CPU another format is other noise for the same seed, not the same noise rounded. */
public enum NoiseDtype implements Keyed {
    F32("f32", ScalarType.Float, "float32", "fp32", "float", "full"),
    F16("f16", ScalarType.Half, "float16", "fp16", "half"),
    BF16("bf16", ScalarType.BFloat16, "bfloat16");

    private final String key;
    private final ScalarType scalarType;
    private final List<String> otherNames;

    NoiseDtype(String key, ScalarType scalarType, String... otherNames) {
        this.key = key;
        this.scalarType = scalarType;
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

    ScalarType scalarType() {
        return scalarType;
    }
}
