// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** Whatever happens, no shard still works when the caller goes on and frees what it works on. */
class StepEngineTest {
    private static final Choices TWO = new Choices(Precision.F32, false, 2, 2, 0, "any");

    private final AtomicInteger ended = new AtomicInteger();

    /** The first half fails at once, the second half after a while. */
    private final class Failing implements Objective.Task {
        private final boolean slow;

        Failing(boolean slow) {
            this.slow = slow;
        }

        @Override
        public long size() {
            return 2;
        }

        @Override
        public Objective.Task slice(long start, long count) {
            return new Failing(start > 0);
        }

        @Override
        public Tensor loss() {
            if (slow) {
                long end = System.nanoTime() + 200_000_000L;
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
            }
            ended.incrementAndGet();
            throw new IllegalStateException(slow ? "slow" : "quick");
        }
    }

    private void accumulate() {
        try (StepEngine engine = new StepEngine(TWO);
                RandomStream one = new RandomStream(0);
                RandomStream two = new RandomStream(1)) {
            assertThatThrownBy(() -> engine.accumulate(new Failing(false), 1, List.of(one, two)))
                    .hasMessage("quick")
                    .satisfies(error -> assertThat(error.getSuppressed())
                            .singleElement()
                            .satisfies(other -> assertThat(other).hasMessage("slow")));
            assertThat(ended).hasValue(2);
        }
    }

    @Test
    void a_failure_is_told_when_both_shards_ended() {
        accumulate();
    }

    @Test
    void an_interrupt_is_heeded_when_both_shards_ended() {
        Thread.currentThread().interrupt();
        accumulate();
        assertThat(Thread.interrupted()).isTrue();
    }
}
