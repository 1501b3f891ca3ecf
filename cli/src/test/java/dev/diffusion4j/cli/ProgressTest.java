// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.pipeline.StepEvent;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
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
                    progress.onStep(new StepEvent(i, 50, i, 0, sample, sample, List.of()));
                }
            }
        });
        assertThat(said).hasValue(given);
    }

    @Test
    void where_stderr_is_no_terminal_a_long_drawing_prints_a_line_each_tenth() {
        assertThat(linesOf(1000)).hasSize(9).first().isEqualTo("drawing: 10 %, 45 s left");
        assertThat(linesOf(1)).isEmpty();
    }

    /** Of fifty steps. */
    private static List<String> linesOf(long millisecondsPerStep) {
        PrintStream before = System.err;
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        System.setErr(new PrintStream(lines, true, StandardCharsets.UTF_8));
        AtomicLong now = new AtomicLong();
        try {
            TensorScope.run(() -> {
                Tensor sample = Tensors.ofDoubles(0);
                try (Progress progress = new Progress("drawing", 1, now::get)) {
                    for (int i = 0; i < 50; i++) {
                        now.addAndGet(millisecondsPerStep * 1_000_000);
                        progress.onStep(new StepEvent(i, 50, i, 0, sample, sample, List.of()));
                    }
                }
            });
        } finally {
            System.setErr(before);
        }
        return lines.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
