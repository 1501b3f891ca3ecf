// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every scheduler promises, with its default settings. A new one gets these tests by its line in {@link SchedulerKind}. */
class SchedulerContractTest {
    private static final long[] SHAPE = {2, 3, 4, 4};

    private static Scheduler scheduler(SchedulerKind kind) {
        return kind.create(Map.of());
    }

    /** A network that knows the clean sample: its output is the one whose x̂₀ is {@code clean}. */
    private static Tensor perfect(SchedulerRun run, Tensor sample, Tensor clean) {
        Tensor zero = torch.zeros_like(sample);
        Tensor atZero = run.predOriginalSample(zero, sample);
        Tensor slope = run.predOriginalSample(zero.add(new Scalar(1.0)), sample).sub(atZero);
        return clean.sub(atZero).div(slope);
    }

    private static float[] draw(Scheduler scheduler, int steps, Tensor clean) {
        try (SchedulerRun run = scheduler.start(SamplingSettings.ofSteps(steps));
                NoiseSource noise = NoiseSource.shared(3)) {
            Tensor sample = noise.randn(SHAPE).mul(new Scalar(run.initNoiseSigma()));
            for (int i = 0; i < run.timesteps().length; i++) {
                sample = run.step(perfect(run, sample, clean), sample, noise).prevSample();
            }
            return Tensors.floats(sample);
        }
    }

    private static Tensor clean() {
        try (RandomStream random = new RandomStream(11)) {
            return random.rand(SHAPE).mul(new Scalar(1.6)).sub(new Scalar(0.8));
        }
    }

    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void the_network_is_told_what_it_was_trained_on(SchedulerKind kind) {
        Scheduler scheduler = scheduler(kind);
        double lowest = scheduler.trainTimestep(0);
        double highest = scheduler.trainTimestep(scheduler.numTrainTimesteps() - 1);
        assertThat(lowest).isLessThan(highest);
        for (int steps : new int[] {4, 7, 50}) {
            try (SchedulerRun run = scheduler.start(SamplingSettings.ofSteps(steps))) {
                double[] timesteps = run.timesteps();
                assertThat(timesteps.length).isGreaterThanOrEqualTo(steps);
                double slack = 1e-2 * (highest - lowest);
                for (double timestep : timesteps) {
                    assertThat(timestep).isBetween(lowest - slack, highest + slack);
                }
                assertThat(timesteps[0]).isGreaterThan(timesteps[timesteps.length - 1]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void a_perfect_network_recovers_the_clean_sample(SchedulerKind kind) {
        TensorScope.run(() -> {
            Tensor clean = clean();
            // some runs end at the lowest trained noise level, a hundredth, and not at zero
            assertClose(kind.key(), draw(scheduler(kind), 20, clean), Tensors.floats(clean), 0.05);
        });
    }

    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void the_same_seed_draws_the_same_sample_in_every_thread(SchedulerKind kind) throws Exception {
        Scheduler scheduler = scheduler(kind);
        Callable<float[]> task = () -> TensorScope.compute(() -> draw(scheduler, 6, clean()));
        float[] expected = task.call();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (Future<float[]> drawn : threads.invokeAll(List.of(task, task, task, task))) {
                assertThat(drawn.get()).isEqualTo(expected);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void stepping_past_the_end_says_how_to_go_on(SchedulerKind kind) {
        TensorScope.run(() -> {
            try (SchedulerRun run = scheduler(kind).start(SamplingSettings.ofSteps(4));
                    NoiseSource noise = NoiseSource.shared(3)) {
                Tensor sample = noise.randn(SHAPE);
                for (int i = 0; i < run.timesteps().length; i++) {
                    run.step(sample, sample, noise);
                }
                assertThat(run.stepIndex()).isEqualTo(run.timesteps().length);
                assertThatIllegalStateException()
                        .isThrownBy(() -> run.step(sample, sample, noise))
                        .withMessageContaining("start(..)");
            }
        });
    }

    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void a_long_run_holds_no_more_than_a_short_one_and_nothing_once_closed(SchedulerKind kind) {
        TensorScope.run(() -> {
            try (NoiseSource noise = NoiseSource.shared(3)) {
                long before = Pointer.totalCount();
                List<Long> held = new ArrayList<>();
                try (SchedulerRun run = scheduler(kind).start(SamplingSettings.ofSteps(50))) {
                    Tensor sample = TensorScope.ownResult(() -> noise.randn(SHAPE));
                    for (int i = 0; i < run.timesteps().length; i++) {
                        Tensor current = sample;
                        sample = TensorScope.ownResult(() -> {
                            Tensor output = run.scaleModelInput(current).mul(new Scalar(0.01));
                            return run.step(output, current, noise).prevSample();
                        });
                        current.close();
                        held.add(Pointer.totalCount() - before);
                    }
                    sample.close();
                }
                // of two neighbours, as a step's first and second call leave different things
                long early = Math.max(held.get(20), held.get(21));
                long late = Math.max(held.get(held.size() - 3), held.get(held.size() - 2));
                assertThat(late).as(held::toString).isLessThanOrEqualTo(early);
                assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before); // what others left may go meanwhile
            }
        });
    }

    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void what_the_caller_closes_is_not_what_the_run_remembers(SchedulerKind kind) {
        TensorScope.run(() -> {
            float[] expected = draw(scheduler(kind), 8, clean());
            try (SchedulerRun run = scheduler(kind).start(SamplingSettings.ofSteps(8));
                    NoiseSource noise = NoiseSource.shared(3)) {
                Tensor clean = clean();
                Tensor sample = noise.randn(SHAPE).mul(new Scalar(run.initNoiseSigma()));
                for (int i = 0; i < run.timesteps().length; i++) {
                    Tensor output = perfect(run, sample, clean);
                    StepResult result = run.step(output, sample, noise);
                    output.close();
                    sample.close();
                    sample = result.prevSample();
                }
                assertThat(Tensors.floats(sample)).isEqualTo(expected);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void looking_at_the_clean_sample_changes_nothing_and_has_a_gradient(SchedulerKind kind) {
        assumeThat(kind).isNotEqualTo(SchedulerKind.TOY_MIX); // x̂₀ is the network's output
        TensorScope.run(() -> {
            try (SchedulerRun run = scheduler(kind).start(SamplingSettings.ofSteps(8));
                    NoiseSource noise = NoiseSource.shared(3)) {
                Tensor sample = noise.randn(SHAPE).set_requires_grad(true);
                Tensor output = noise.randn(SHAPE);
                float[] once = Tensors.floats(run.predOriginalSample(output, sample));
                Tensor again = run.predOriginalSample(output, sample);
                assertThat(Tensors.floats(again)).isEqualTo(once);
                assertThat(run.stepIndex()).isZero();
                again.sum().backward();
                assertThat(Tensors.floats(sample.grad())).doesNotContain(0f, Float.NaN);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void the_training_target_is_what_leads_back_to_the_clean_sample(SchedulerKind kind) {
        Scheduler scheduler = scheduler(kind);
        assumeThat(kind).isNotEqualTo(SchedulerKind.SCORE_SDE_VE); // its first call corrects
        TensorScope.run(() -> {
            try (SchedulerRun run = scheduler.start(SamplingSettings.ofSteps(10));
                    NoiseSource noise = NoiseSource.shared(3)) {
                Tensor clean = clean();
                Tensor epsilon = noise.randn(SHAPE);
                double[] timesteps = {run.timesteps()[0], run.timesteps()[0]};
                Tensor noisy = scheduler.addNoise(clean, epsilon, timesteps);
                Tensor target = scheduler.trainingTarget(clean, epsilon, timesteps);
                assertClose("x̂₀", run.predOriginalSample(target, noisy), clean, 2e-3);
                assertClose(
                        "scaled input", scheduler.scaleModelInput(noisy, timesteps), run.scaleModelInput(noisy), 1e-5);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void less_noise_has_a_higher_snr(SchedulerKind kind) {
        Scheduler scheduler = scheduler(kind);
        int half = scheduler.numTrainTimesteps() / 2;
        assertThat(scheduler.snr(scheduler.trainTimestep(half)))
                .isLessThan(scheduler.snr(scheduler.trainTimestep(0)))
                .isGreaterThan(scheduler.snr(scheduler.trainTimestep(2 * half - 1)));
    }
}
