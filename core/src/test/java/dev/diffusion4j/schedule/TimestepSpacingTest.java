// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TimestepSpacingTest {
    @ParameterizedTest
    @CsvSource({"40, 25", "50, 20"})
    void leading_goes_down_to_zero_in_whole_strides(int steps, int stride) {
        double[] expected = IntStream.range(0, steps)
                .mapToDouble(i -> (steps - 1.0 - i) * stride)
                .toArray();
        assertThat(TimestepSpacing.LEADING.timesteps(1000, steps, 0)).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource(TimestepSpacing.class)
    void any_number_of_steps_gives_as_many_falling_whole_timesteps(TimestepSpacing spacing) {
        for (int steps = 1; steps <= 1000; steps++) {
            double[] timesteps = spacing.timesteps(1000, steps, 0);
            assertThat(timesteps).hasSize(steps);
            assertThat(timesteps[0]).isLessThanOrEqualTo(999);
            assertThat(timesteps[steps - 1]).isGreaterThanOrEqualTo(0);
            for (int i = 0; i < steps; i++) {
                assertThat(timesteps[i]).isEqualTo(Math.rint(timesteps[i]));
                assertThat(i == 0 || timesteps[i] < timesteps[i - 1])
                        .as("steps %d, i %d", steps, i)
                        .isTrue();
            }
        }
    }

    @Test
    void trailing_rounds_as_numpy_does() {
        // 1000 − i·(1000/48) is 937.5 at i = 3; numpy's arange has a little less there
        assertThat(TimestepSpacing.TRAILING.timesteps(1000, 48, 0)).startsWith(999, 978, 957, 936);
        // numpy gives 62 here, the last one at timestep −1
        assertThat(TimestepSpacing.TRAILING.timesteps(1000, 61, 0)).hasSize(61).endsWith(32, 15);
    }

    @Test
    void linspace_has_both_ends() {
        assertThat(TimestepSpacing.LINSPACE.timesteps(1000, 3, 7)).containsExactly(999, 500, 0);
        assertThat(TimestepSpacing.LINSPACE.fractional(1000, 3, 7)).containsExactly(999, 499.5, 0);
        assertThat(TimestepSpacing.LINSPACE.timesteps(1000, 1, 0)).containsExactly(0);
    }

    @Test
    void all_but_last_leaves_out_the_clean_end() {
        assertThat(TimestepSpacing.LINSPACE.allButLast(1000, 1000, 3, 0)).containsExactly(999, 666, 333);
        assertThat(TimestepSpacing.LEADING.allButLast(1000, 1000, 3, 1)).containsExactly(751, 501, 251);
        assertThat(TimestepSpacing.TRAILING.allButLast(1000, 1000, 4, 0)).containsExactly(999, 749, 499, 249);
        assertThat(TimestepSpacing.TRAILING.allButLast(600, 1000, 4, 0)).containsExactly(599, 349, 99);
    }

    @Test
    void an_offset_beyond_the_last_timestep_is_refused() {
        assertThat(TimestepSpacing.LEADING.timesteps(1000, 4, 1)).containsExactly(751, 501, 251, 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TimestepSpacing.LEADING.timesteps(1000, 1000, 1))
                .withMessageContaining("steps_offset 1")
                .withMessageContaining("1000");
    }
}
