// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class NoiseBetweenTest {
    private static final long[] ONE = {1, 3, 16, 16};

    @Test
    void the_ends_are_the_seeds_own_and_all_is_as_long_as_noise() {
        TensorScope.run(() -> {
            try (NoiseSource between = NoiseSource.between(4, 9, NoiseForm.DEFAULT, 0, 0.5, 1);
                    NoiseSource first = NoiseSource.perImage(4, 1);
                    NoiseSource second = NoiseSource.perImage(9, 1)) {
                for (int draw = 0; draw < 2; draw++) { // the second is what a scheduler adds on the way
                    Tensor all = between.randn(3, 3, 16, 16);
                    Tensor from = first.randn(ONE);
                    Tensor to = second.randn(ONE);
                    assertThat(Tensors.floats(all.narrow(0, 0, 1))).containsExactly(Tensors.floats(from));
                    assertThat(Tensors.floats(all.narrow(0, 2, 1))).containsExactly(Tensors.floats(to));
                    Tensor middle = all.narrow(0, 1, 1);
                    assertThat(middle.norm().item_double())
                            .isCloseTo((from.norm().item_double() + to.norm().item_double()) / 2, within(0.5));
                    assertThat(middle.sub(from).norm().item_double())
                            .isCloseTo(middle.sub(to).norm().item_double(), within(0.8));
                }
            }
        });
    }

    @Test
    void a_negative_seed_is_refused() {
        assertThatThrownBy(() -> NoiseSource.between(-1, 9, NoiseForm.DEFAULT, 0))
                .hasMessageContaining("seed must be >= 0");
        assertThatThrownBy(() -> NoiseSource.between(4, -9, NoiseForm.DEFAULT, 0))
                .hasMessageContaining("but was -9");
    }
}
