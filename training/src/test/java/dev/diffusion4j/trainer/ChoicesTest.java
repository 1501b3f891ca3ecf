// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.tensor.Placement;
import dev.diffusion4j.tensor.Precision;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What was chosen on one machine and is looked for on another. */
class ChoicesTest {
    private static final Choices HERE = Choices.forThisMachine(new Placement("cpu", Precision.F32, 2), 8, List.of());

    @Test
    void a_machine_can_do_what_was_chosen_on_it() {
        assertThat(HERE.missingHere()).isEmpty();
        assertThat(HERE.onThisMachine()).isEqualTo(HERE);
    }

    @Test
    void a_run_of_a_card_that_is_not_there_says_so_and_can_go_on_on_the_processor() {
        Choices there = new Choices(
                HERE.dtype(),
                HERE.channelsLast(),
                HERE.threads(),
                HERE.shards(),
                HERE.lanes(),
                HERE.instructions(),
                "cuda:0");
        assertThat(there.missingHere())
                .containsExactly("the run computed on cuda:0, and this LibTorch sees no CUDA card");
        assertThat(there.onThisMachine()).isEqualTo(HERE);
    }
}
