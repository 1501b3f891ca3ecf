// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Marks that can be read: few, round, and around all there is. */
class AxisTest {
    @Test
    void logarithmic_ones_have_one_two_and_five_of_each_decade() {
        assertThat(Axis.logMarks(0.013, 0.9)).containsExactly(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0);
        assertThat(Axis.logMarks(0.11, 0.18)).containsExactly(0.1, 0.2);
        assertThat(Axis.logMarks(1, 1)).containsExactly(1.0, 2.0);
        assertThat(Axis.logMarks(6, 90)).containsExactly(5.0, 10.0, 20.0, 50.0, 100.0);
        assertThat(Axis.logMarks(3e-6, 2)).containsExactly(1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0);
    }

    @Test
    void linear_ones_are_few_and_round() {
        assertThat(Axis.linearMarks(1, 450)).containsExactly(100.0, 200.0, 300.0, 400.0);
        assertThat(Axis.linearMarks(1, 123_456)).hasSize(6).startsWith(20_000.0);
        assertThat(Axis.around(0.0063, 0.9999, false).marks()).containsExactly(0.0, 0.2, 0.4, 0.6, 0.8, 1.0);
        assertThat(Axis.around(-0.3, 0.3, false).marks()).containsExactly(-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3);
        assertThat(Axis.around(2, 2, false).marks()).startsWith(2.0).endsWith(4.0);
        assertThat(Axis.text(0.2)).isEqualTo("0.2");
    }

    @Test
    void a_chart_is_drawn_even_where_there_is_nothing_to_show() {
        assertThat(new Chart("", "", "").draw().getWidth()).isEqualTo(900);
        double[] zeros = {0, Double.NaN};
        assertThat(new Chart("t", "x", "y")
                        .logY(true)
                        .add("a", 0, Chart.Style.DOTS, zeros, zeros)
                        .size(300, 200)
                        .draw()
                        .getHeight())
                .isEqualTo(200);
    }
}
