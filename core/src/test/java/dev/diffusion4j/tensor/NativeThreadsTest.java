// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.openblas.global.openblas_nolapack;
import org.junit.jupiter.api.Test;

/** Threads of OpenBLAS's own fight LibTorch's: attention to 4,096 tokens then takes 10 to 20 seconds instead of half a second. */
class NativeThreadsTest {
    @Test
    void open_blas_has_one_thread_once_a_scope_was_used() {
        TensorScope.run(() -> {});
        assertThat(openblas_nolapack.blas_get_num_threads()).isEqualTo(1);
        assertThat(NativeRuntime.configure().settings()).contains("OpenBLAS threads = 1");
    }
}
