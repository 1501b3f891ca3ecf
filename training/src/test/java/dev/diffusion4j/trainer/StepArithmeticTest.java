// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.json.Records;
import dev.diffusion4j.objective.Objective;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.trainer.LearningRateSchedule.Shape;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an update is made of: accumulated and clipped gradients, the learning rate over time, the average's decay. */
class StepArithmeticTest {
    private static final int MICRO_BATCHES = 4;
    private static final int TOTAL = 100;
    private static final int WARMUP = 10;
    private static final double BASE = 1e-3;

    /** The mean of (wx − 1)² over the examples x. */
    private record Squares(Tensor weight, Tensor examples) implements Objective.Task {
        @Override
        public Objective.Task to(Device device) {
            return this; // the tests run on the CPU
        }

        @Override
        public long size() {
            return examples.size(0);
        }

        @Override
        public Objective.Task slice(long start, long count) {
            return new Squares(weight, examples.narrow(0, start, count));
        }

        @Override
        public Tensor loss() {
            return TensorScope.keepResult(
                    () -> examples.mul(weight).sub(new Scalar(1.0)).square().mean());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void k_micro_batches_equal_one_batch_k_times_larger(int shards) {
        TensorScope.run(() -> {
            try (StepEngine engine =
                            new StepEngine(new Choices(Precision.F32, false, shards, shards, 0, "any", "cpu"));
                    RandomStream random = new RandomStream(3);
                    RandomStream dropout = new RandomStream(0);
                    RandomStream other = new RandomStream(1)) {
                Tensor weight = random.randn(1, 6).set_requires_grad(true);
                Tensor examples = random.randn(4 * MICRO_BATCHES, 6);
                List<RandomStream> streams = List.of(dropout, other);
                double whole = engine.accumulate(new Squares(weight, examples), 1, streams)
                        .loss();
                float[] expected = Tensors.floats(weight.grad());
                weight.mutable_grad().reset();
                double sum = 0;
                try (GradientSum gradients = new GradientSum(List.of(weight))) {
                    for (int k = 0; k < MICRO_BATCHES; k++) {
                        Squares part = new Squares(weight, examples.narrow(0, 4L * k, 4));
                        sum += engine.accumulate(part, 1.0 / MICRO_BATCHES, streams)
                                        .loss()
                                / MICRO_BATCHES;
                        gradients.take();
                    }
                    gradients.give();
                }
                assertThat(sum).isCloseTo(whole, within(1e-6));
                assertThat(Tensors.floats(weight.grad())).containsExactly(expected, within(1e-6f));
            }
        });
    }

    @Test
    void gradients_are_cut_to_their_norm_and_small_ones_left_alone() {
        TensorScope.run(() -> {
            Tensor one = Tensors.ofDoubles(1, 2).set_requires_grad(true);
            Tensor two = Tensors.ofDoubles(3).set_requires_grad(true);
            one.mul(new Scalar(2.0)).square().sum().add(two.square().sum()).backward(); // 8, 16 and 6
            double norm = GradientClipping.norm(List.of(one, two));
            assertThat(norm).isCloseTo(Math.sqrt(64 + 256 + 36), within(1e-5));
            assertThat(norm / GradientClipping.divisor(norm, 1))
                    .isLessThanOrEqualTo(1)
                    .isCloseTo(1, within(1e-5));
            assertThat(GradientClipping.divisor(0.5, 1)).isEqualTo(1);
        });
    }

    private static LearningRateSchedule schedule(Shape shape) {
        return Records.with(
                LearningRateSchedule.DEFAULT, Map.of("name", shape, "warmup_steps", WARMUP, "cycles", 2, "power", 2.0));
    }

    @ParameterizedTest
    @EnumSource
    void the_learning_rate_begins_turns_and_ends_where_it_must(Shape shape) {
        LearningRateSchedule schedule = schedule(shape);
        double[] factors = new double[TOTAL + 1];
        for (int step = 0; step <= TOTAL; step++) {
            factors[step] = schedule.factor(step, TOTAL, step / 25, BASE);
        }
        boolean warms = shape != Shape.CONSTANT && shape != Shape.EXPONENTIAL;
        assertThat(factors[0]).isEqualTo(warms ? 0 : 1);
        assertThat(factors[5]).isEqualTo(warms ? 0.5 : 1);
        assertThat(factors[WARMUP]).isEqualTo(1);
        double[] halfAndEnd =
                switch (shape) {
                    case CONSTANT, CONSTANT_WITH_WARMUP -> new double[] {1, 1};
                    case LINEAR, COSINE -> new double[] {0.5, 0};
                    case COSINE_WITH_RESTARTS -> new double[] {1, 0};
                    case POLYNOMIAL -> new double[] {0.25 * (1 - 1e-4) + 1e-4, 1e-4};
                    case EXPONENTIAL -> new double[] {0.9 * 0.9, 0.9 * 0.9 * 0.9 * 0.9};
                };
        assertThat(factors[55]).isCloseTo(halfAndEnd[0], within(1e-12));
        assertThat(factors[TOTAL]).isCloseTo(halfAndEnd[1], within(1e-12));
    }

    @Test
    void the_average_keeps_more_of_itself_from_step_to_step() {
        EmaConfig config = new EmaConfig(EmaConfig.Form.WARMUP, 0.9999, 2, 0.75);
        assertThat(config.decayAt(1)).isZero();
        assertThat(config.decayAt(2)).isCloseTo(1 - Math.pow(1.5, -0.75), within(1e-12));
        assertThat(config.decayAt(101)).isCloseTo(1 - Math.pow(51, -0.75), within(1e-12));
        assertThat(config.decayAt(10_000_000)).isEqualTo(0.9999);
    }
}
