// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.bytedeco.pytorch.global.torch.get_num_threads;

import dev.diffusion4j.layer.ActiveProducts;
import dev.diffusion4j.layer.Linear;
import dev.diffusion4j.layer.LowRank;
import dev.diffusion4j.layer.WeightChange;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** Whatever happens, no shard still works when the caller goes on and frees what it works on. */
class StepEngineTest {
    private static final Choices TWO = new Choices(Precision.F32, false, 2, 2, 0, "any", "cpu");
    private static final Choices ONE = new Choices(Precision.F32, false, 1, 1, 0, "any", "cpu");

    private final AtomicInteger ended = new AtomicInteger();

    /** The first half fails at once, the second half after a while. */
    private final class Failing implements Objective.Task {
        private final boolean slow;

        Failing(boolean slow) {
            this.slow = slow;
        }

        @Override
        public Objective.Task to(Device device) {
            return this; // the tests run on the CPU
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

    /** Nothing fails. */
    private final class Working implements Objective.Task {
        @Override
        public Objective.Task to(Device device) {
            return this; // the tests run on the CPU
        }

        @Override
        public long size() {
            return 2;
        }

        @Override
        public Objective.Task slice(long start, long count) {
            return new Working();
        }

        @Override
        public Tensor loss() {
            Tensor weight = Tensors.of(new float[] {1}, 1);
            weight.requires_grad_(true);
            Tensor loss = weight.sum();
            ended.incrementAndGet();
            return loss;
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
    void a_failure_comes_out_when_both_shards_have_ended() {
        accumulate();
    }

    @Test
    void a_failure_of_an_interrupted_thread_comes_out_when_both_shards_have_ended() {
        Thread.currentThread().interrupt();
        accumulate();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void an_interrupt_cancels_when_both_shards_have_ended() {
        Thread.currentThread().interrupt();
        try (StepEngine engine = new StepEngine(TWO);
                RandomStream one = new RandomStream(0);
                RandomStream two = new RandomStream(1)) {
            assertThatThrownBy(() -> engine.accumulate(new Working(), 1, List.of(one, two)))
                    .isInstanceOf(CancellationException.class);
        }
        assertThat(ended).hasValue(2);
        assertThat(Thread.interrupted()).isTrue();
    }

    /** Its threads stay as many as they were. */
    @Test
    void an_interrupt_cancels_a_whole_batch_on_the_callers_own_thread() {
        int usual = get_num_threads();
        Thread.currentThread().interrupt();
        try (StepEngine engine = new StepEngine(ONE);
                RandomStream one = new RandomStream(0)) {
            assertThatThrownBy(() -> engine.accumulate(new Working(), 1, List.of(one)))
                    .isInstanceOf(CancellationException.class);
        }
        assertThat(ended).hasValue(1);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(get_num_threads()).isEqualTo(usual);
    }

    /** The mean of a layer's output; both halves alike. */
    private record Forward(Linear layer, long size) implements Objective.Task {
        @Override
        public Objective.Task to(Device device) {
            return this; // the tests run on the CPU
        }

        @Override
        public Objective.Task slice(long start, long count) {
            return new Forward(layer, count);
        }

        @Override
        public Tensor loss() {
            return layer.forward(Tensors.of(new float[] {1, 1}, 1, 2)).mean();
        }
    }

    @Test
    void the_products_that_the_caller_sees_are_seen_by_its_shards() {
        try (StepEngine engine = new StepEngine(TWO);
                RandomStream one = new RandomStream(0);
                RandomStream two = new RandomStream(1);
                Linear layer = new Linear(2, 1);
                Tensor ones = TensorScope.ownResult(() -> Tensors.of(new float[] {1, 1}, 1, 2));
                Tensor three = TensorScope.ownResult(() -> Tensors.of(new float[] {3}, 1, 1))) {
            layer.initialize(one);
            layer.requiresGrad(true);
            List<RandomStream> streams = List.of(one, two);
            double plain = engine.accumulate(new Forward(layer, 2), 1, streams).loss();
            double adapted = new ActiveProducts(Map.of(layer, WeightChange.of(new LowRank(ones, three, 0.5))))
                    .run(() ->
                            engine.accumulate(new Forward(layer, 2), 1, streams).loss());
            assertThat(adapted).isCloseTo(plain + 0.5 * 3 * 2, within(1e-6));
        }
    }
}
