// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.model.Work;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DrawingNeedTest {
    private static final long MEMORY = 24_000_000_000L;
    private static final SampleSize HUGE = SampleSize.square(65_536);

    @Test
    void a_picture_that_cannot_be_in_memory_is_answered_with_what_it_needs() {
        assertThatThrownBy(() -> DrawingNeed.checkBatch(1, HUGE, 3, MEMORY))
                .isInstanceOf(Problem.class)
                .hasMessage("a step with 1 picture of 65536x65536 needs at least 206.2 GB of memory, and this machine"
                        + " has 24.0 GB: give a smaller size");
        assertThatThrownBy(() -> DrawingNeed.checkBatch(2, HUGE, 3, MEMORY)).hasMessageContaining("or batchSize");
        assertThatNoException().isThrownBy(() -> DrawingNeed.checkBatch(16, SampleSize.square(1024), 3, MEMORY));
    }

    @Test
    void networks_that_do_not_fit_are_answered_with_fields_that_would_help() {
        DrawingEstimate estimate = new DrawingEstimate(30e9, 10e9, Work.NONE, 0, false);
        SampleSize size = SampleSize.square(1024);
        assertThatThrownBy(() -> DrawingNeed.checkMemory(estimate, size, KeepNetworks.CALL, MEMORY))
                .hasMessageEndingWith("give a smaller size or batchSize, keeping, or precision bf16");
        assertThatThrownBy(() -> DrawingNeed.checkMemory(estimate, size, KeepNetworks.ONE, MEMORY))
                .hasMessageEndingWith("give a smaller size or batchSize, or precision bf16");
    }

    @Test
    void so_many_pictures_are_answered_with_what_they_need() {
        assertThatThrownBy(() -> DrawingNeed.checkCount(2_000_000_000, MEMORY))
                .hasMessageContaining("count is 2,000,000,000: so many pictures need at least 512.0 GB of memory");
        assertThatThrownBy(() -> DrawingNeed.checkFiles(2_000_000_000, Path.of("pictures"), 40_000_000_000L))
                .hasMessageContaining("at least 8.2 TB of disk, and pictures has 40.0 GB left");
        assertThatNoException().isThrownBy(() -> DrawingNeed.checkFiles(1000, Path.of("pictures"), 40_000_000L));
        assertThatNoException().isThrownBy(() -> DrawingNeed.checkCount(100_000, MEMORY));
    }
}
