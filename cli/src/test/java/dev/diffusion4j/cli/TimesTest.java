// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class TimesTest {
    @Test
    void what_is_expected_is_rounded_by_a_few_hundredths_at_most() {
        assertThat(DoubleStream.of(0.2, 41.4, 100, 185, 754, 9000, 200_000).mapToObj(Times::about))
                .containsExactly("1 s", "41 s", "1.7 min", "3.1 min", "13 min", "2.5 h", "56 h");
    }
}
