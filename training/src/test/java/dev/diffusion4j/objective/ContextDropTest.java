// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ContextDropTest {
    private static List<Double> overFive(ContextDrop drop) {
        return IntStream.range(0, 5)
                .mapToObj(epoch -> Math.round(1e6 * drop.at(epoch, 5)) / 1e6)
                .toList();
    }

    @Test
    void schedules_are_those_of_the_lesson_s_code_and_of_its_text() {
        assertThat(overFive(ContextDrop.fromJson("decay"))).containsExactly(1.0, 0.8, 0.6, 0.4, 0.2);
        assertThat(ContextDrop.fromJson("decay").at(99, 100)).isEqualTo(0.1);
        assertThat(overFive(ContextDrop.fromJson("linear"))).containsExactly(0.9, 0.7, 0.5, 0.3, 0.1);
        assertThat(overFive(ContextDrop.fromJson(0.1))).containsOnly(0.1);
        assertThat(overFive(ContextDrop.fromJson(Map.of("schedule", "decay", "last", 0.5))))
                .containsExactly(1.0, 0.8, 0.6, 0.5, 0.5);
    }

    @Test
    void reads_what_it_writes_and_refuses_the_rest() {
        for (Object text : new Object[] {0.25, "decay", "linear", Map.of("schedule", "linear", "first", 0.6)}) {
            ContextDrop drop = ContextDrop.fromJson(text);
            assertThat(ContextDrop.fromJson(drop.toJson())).isEqualTo(drop);
        }
        for (Object wrong : new Object[] {1.5, "never", true, Map.of("p", 0.1)}) {
            assertThatIllegalArgumentException().isThrownBy(() -> ContextDrop.fromJson(wrong));
        }
    }

    @Test
    void as_many_are_dropped_as_asked() {
        try (RandomStream random = new RandomStream(5)) {
            for (double p : new double[] {0, 0.1, 0.4, 1}) {
                double kept = TensorScope.compute(
                        () -> ContextDrop.drawKeep(random, 100_000, p).mean().item_double());
                assertThat(1 - kept).isCloseTo(p, within(0.01));
            }
        }
    }
}
