// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.codec.PixelCodec;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.TerminalSignal;
import dev.diffusion4j.testing.Golden;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TraceTest {
    private static int[] kept(StepChoice wanted, int steps) {
        return IntStream.range(0, steps)
                .filter(index -> wanted.contains(index, steps))
                .map(index -> index + 1)
                .toArray();
    }

    @Test
    void keeps_the_steps_that_the_lessons_show() {
        assertThat(kept(StepChoice.evenly(15), 150))
                .containsExactly(10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150);
        assertThat(kept(StepChoice.evenly(20), 1000)).hasSize(20).contains(50, 950, 1000);
        assertThat(kept(StepChoice.evenly(7), 3)).containsExactly(1, 2, 3);
        assertThat(kept(StepChoice.evenly(4), 10)).hasSize(4).contains(10);
        assertThat(kept(StepChoice.everyAndLast(10, 3), 35)).containsExactly(10, 20, 30, 33, 34, 35);
    }

    @Test
    void has_a_row_for_each_picture_of_all_batches() {
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(Golden.path("tiny-pipeline"))) {
            GenerationRequest request =
                    GenerationRequest.of(r -> r.count(3).batchSize(2).steps(6));
            Trace trace = new Trace(StepChoice.evenly(3), PixelCodec.signed(1));
            try (GenerationResult result = pipeline.generate(request, trace, new Cancellation())) {
                assertThat(trace.columns()).isEqualTo(3);
                assertThat(trace.pictures()).hasSize(3).allSatisfy(row -> assertThat(row)
                        .hasSize(3));
                for (int i = 0; i < 3; i++) {
                    assertThat(trace.pictures().get(i).get(2).getRGB(3, 5))
                            .isEqualTo(result.images().get(i).getRGB(3, 5));
                }
            }
        }
    }

    @Test
    void too_much_signal_at_the_end_is_said() {
        assertThat(TerminalSignal.warning(SchedulerKind.LESSON_DDPM.create(Map.of())))
                .hasValueSatisfying(line -> assertThat(line).contains("150").contains("47 %"));
        for (SchedulerKind kind : SchedulerKind.values()) {
            if (kind != SchedulerKind.LESSON_DDPM) {
                assertThat(TerminalSignal.warning(kind.create(Map.of())))
                        .as(kind.key())
                        .isEmpty();
            }
        }
    }
}
