// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.pipeline.StepEvent;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressTest {
    /** Fifty steps. */
    @ParameterizedTest
    @CsvSource({"1000, 1", "200, 0", "10, 0"})
    void advice_is_given_once_where_drawing_takes_long(long millisecondsPerStep, int given) {
        AtomicLong now = new AtomicLong();
        AtomicInteger said = new AtomicInteger();
        TensorScope.run(() -> {
            Tensor sample = Tensors.ofDoubles(0);
            try (Progress progress = new Progress("drawing", 1, now::get).ifLong(said::incrementAndGet)) {
                for (int i = 0; i < 50; i++) {
                    now.addAndGet(millisecondsPerStep * 1_000_000);
                    progress.onStep(new StepEvent(i, 50, i, 0, sample, sample, java.util.List.of()));
                }
            }
        });
        assertThat(said).hasValue(given);
    }
}
