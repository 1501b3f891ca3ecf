// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/** Compares tensors bit by bit, of any dtype. */
final class Bits {
    private Bits() {}

    static byte[] of(Tensor tensor) {
        Tensor plain = tensor.contiguous(MemoryFormat.Contiguous);
        byte[] bytes = new byte[Math.toIntExact(Tensors.byteSize(plain))];
        if (bytes.length > 0) {
            Tensors.memory(plain, 0, bytes.length).get(bytes);
        }
        return bytes;
    }

    /** Names, dtypes, shapes and numbers are the same. */
    static void assertSame(WeightSource actual, WeightSource expected) {
        assertThat(actual.tensors().keySet())
                .containsExactlyInAnyOrderElementsOf(expected.tensors().keySet());
        expected.tensors().forEach((name, info) -> {
            assertThat(actual.tensors().get(name)).isEqualTo(info);
            assertThat(of(actual.read(name))).as(name).isEqualTo(of(expected.read(name)));
        });
    }
}
