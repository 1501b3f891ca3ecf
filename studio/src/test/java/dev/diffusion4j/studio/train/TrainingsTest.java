// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.studio.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.studio.base.ChildProcess;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Plans of trainings that are given up. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "its stand-in for the command is a shell")
class TrainingsTest {
    @Test
    void a_plan_is_ended_even_before_its_process_is_there() {
        Trainings trainings = new Trainings(new ChildProcess(List.of("sh", "-c", "sleep 100")));
        List<String> lines = trainings.plan(
                () -> {
                    trainings.endTrial("one");
                    return List.of("train");
                },
                "one");
        assertThat(lines).isEmpty();
    }
}
