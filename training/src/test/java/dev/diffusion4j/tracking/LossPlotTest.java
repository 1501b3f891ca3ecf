// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tracking;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Marks that can be read: few, round, and around all there is. */
class LossPlotTest {
    @Test
    void losses_have_one_two_and_five_of_each_decade() {
        assertThat(LossPlot.lossMarks(0.013, 0.9)).containsExactly(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0);
        assertThat(LossPlot.lossMarks(0.11, 0.18)).containsExactly(0.1, 0.2);
        assertThat(LossPlot.lossMarks(1, 1)).containsExactly(1.0, 2.0);
        assertThat(LossPlot.lossMarks(6, 90)).containsExactly(5.0, 10.0, 20.0, 50.0, 100.0);
    }

    @Test
    void steps_are_few_and_round() {
        assertThat(LossPlot.stepMarks(1, 450)).containsExactly(100.0, 200.0, 300.0, 400.0);
        assertThat(LossPlot.stepMarks(1, 2)).containsExactly(1.0, 2.0);
        assertThat(LossPlot.stepMarks(1, 123_456)).hasSize(6).startsWith(20_000.0);
    }
}
