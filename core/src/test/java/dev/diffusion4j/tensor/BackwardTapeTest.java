// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CancellationException;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class BackwardTapeTest {
    @Test
    void what_a_recorded_operation_throws_comes_out_as_it_is() {
        CancellationException cancelled = new CancellationException("enough");
        TensorScope.run(() -> {
            try (BackwardTape tape = BackwardTape.open()) {
                Tensor input = Tensors.of(new float[] {1, 2}, 2);
                input.requires_grad_(true);
                Tensor value = tape.record(input, input.detach(), gradient -> {
                    throw cancelled;
                });
                assertThatThrownBy(() -> tape.backward(value.sum())).isSameAs(cancelled);
            }
        });
    }
}
