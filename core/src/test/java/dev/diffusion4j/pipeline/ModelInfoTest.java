// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a model's files hold. */
class ModelInfoTest {
    @TempDir
    Path folder;

    @Test
    void weights_that_are_not_finite_are_named_and_counted() {
        TensorScope.run(() -> Safetensors.write(
                folder.resolve("spoilt.safetensors"),
                Map.of(
                        "sound", Tensors.ofDoubles(1, 2, 3),
                        "whole", Tensors.ofLongs(1, 2),
                        "bad", Tensors.of(new float[] {1, Float.NaN, Float.NEGATIVE_INFINITY}, 3),
                        "bad8", Tensors.of(new float[] {1, Float.NaN}, 2).to(ScalarType.Float8_e5m2),
                        "bad16", Tensors.of(new float[] {1, 1e30f}, 2).to(ScalarType.Half)),
                Map.of()));
        TensorScope.run(() -> Safetensors.write(
                folder.resolve("sound.safetensors"), Map.of("sound", Tensors.ofDoubles(1, 2, 3)), Map.of()));
        assertThat(ModelInfo.of(folder.resolve("spoilt.safetensors")))
                .containsEntry(ModelInfo.NOT_FINITE, Map.of("bad", 2L, "bad8", 1L, "bad16", 1L));
        assertThat(ModelInfo.of(folder.resolve("sound.safetensors"))).doesNotContainKey(ModelInfo.NOT_FINITE);
    }
}
