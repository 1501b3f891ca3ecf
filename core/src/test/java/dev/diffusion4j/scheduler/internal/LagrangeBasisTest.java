// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LagrangeBasisTest {
    private static final double[] NODES = {3, 4.5, 7, 7.5};

    private static double weighted(double[] weights, double[] nodes, DoubleUnaryOperator function) {
        double sum = 0;
        for (int j = 0; j < nodes.length; j++) {
            sum += weights[j] * function.applyAsDouble(nodes[j]);
        }
        return sum;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void powers_below_the_number_of_nodes_are_integrated_exactly(int power) {
        double[] weights = LagrangeBasis.integrals(NODES, 0.5);
        double exact = (Math.pow(0.5, power + 1) - Math.pow(3, power + 1)) / (power + 1);
        assertThat(weighted(weights, NODES, x -> Math.pow(x, power))).isCloseTo(exact, within(1e-9));
    }

    @Test
    void even_steps_give_the_weights_of_adams_and_bashforth() {
        double[] weights = LagrangeBasis.integrals(new double[] {0, -1, -2, -3}, 1);
        assertThat(weights)
                .usingElementComparator((a, b) -> Math.abs(a - b) < 1e-12 ? 0 : 1)
                .containsExactly(55.0 / 24, -59.0 / 24, 37.0 / 24, -9.0 / 24);
    }

    @Test
    void powers_of_the_logarithm_are_integrated_exactly() {
        double[] logs = {Math.log(3), Math.log(4.5), Math.log(7)};
        double[] weights = LagrangeBasis.logIntegrals(logs, Math.log(2));
        assertThat(weighted(weights, logs, u -> 1)).isCloseTo(2 - 3, within(1e-12));
        // ∫ ln x dx = x ln x − x
        double exact = (2 * Math.log(2) - 2) - (3 * Math.log(3) - 3);
        assertThat(weighted(weights, logs, u -> u)).isCloseTo(exact, within(1e-12));
    }

    @Test
    void a_step_to_where_it_starts_is_nothing() {
        assertThat(LagrangeBasis.integrals(NODES, 3)).containsOnly(0);
        assertThat(LagrangeBasis.logIntegrals(NODES, 3)).containsOnly(0);
    }
}
