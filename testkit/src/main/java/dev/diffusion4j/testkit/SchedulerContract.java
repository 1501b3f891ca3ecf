// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.testkit;

import static dev.diffusion4j.testkit.Closeness.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

/** What every scheduler promises. */
public abstract class SchedulerContract {
    private static final long[] SHAPE = {2, 3, 4, 4};

    /** The scheduler to test: the same settings at each call. */
    protected abstract Scheduler scheduler();

    /**
     * Whether x̂₀ is worked out from the sample and the network's output. Override with {@code false} where the network's output is
     * x̂₀ itself.
     */
    protected boolean predOriginalDependsOnSample() {
        return true;
    }

    /**
     * How far a run with a perfect network may end from the clean sample, as a share of its largest value. The default leaves room
     * for runs that end at the lowest trained noise level and not at zero.
     */
    protected double recoveryTolerance() {
        return 0.05;
    }

    /** Whether a run may begin at a later step. Override with {@code false} where {@code start} refuses it. */
    protected boolean canBeginLater() {
        return true;
    }

    /** A network that knows the clean sample: its output is the one whose x̂₀ is {@code clean}. */
    private static Tensor perfect(SchedulerRun run, Tensor sample, Tensor clean) {
        Tensor zero = torch.zeros_like(sample);
        Tensor atZero = run.predOriginalSample(zero, sample);
        Tensor slope = run.predOriginalSample(zero.add(new Scalar(1.0)), sample).sub(atZero);
        return clean.sub(atZero).div(slope);
    }

    private static Tensor draw(Scheduler scheduler, int steps, Tensor clean) {
        try (SchedulerRun run = scheduler.start(SamplingSettings.ofSteps(steps));
                NoiseSource noise = NoiseSource.shared(3)) {
            Tensor sample = run.initialSample(noise.randn(SHAPE));
            for (int i = 0; i < run.timesteps().length; i++) {
                sample = run.step(perfect(run, sample, clean), sample, noise).prevSample();
            }
            return sample;
        }
    }

    private static Tensor clean() {
        try (RandomStream random = new RandomStream(11)) {
            return random.rand(SHAPE).mul(new Scalar(1.6)).sub(new Scalar(0.8));
        }
    }

    @Test
    void a_run_calls_the_network_at_timesteps_that_were_trained() {
        Scheduler scheduler = scheduler();
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

    @Test
    void a_perfect_network_recovers_the_clean_sample() {
        TensorScope.run(() -> {
            Tensor clean = clean();
            assertClose("the last sample", draw(scheduler(), 20, clean), clean, recoveryTolerance());
        });
    }

    @Test
    void the_same_seed_draws_the_same_sample_in_every_thread() throws Exception {
        Scheduler scheduler = scheduler();
        Callable<float[]> task = () -> TensorScope.compute(() -> Tensors.floats(draw(scheduler, 6, clean())));
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

    @Test
    void stepping_past_the_end_says_how_to_go_on() {
        TensorScope.run(() -> {
            try (SchedulerRun run = scheduler().start(SamplingSettings.ofSteps(4));
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

    @Test
    void a_long_run_holds_no_more_than_a_short_one_and_nothing_once_closed() {
        Scheduler scheduler = scheduler();
        TensorScope.run(() -> {
            try (NoiseSource noise = NoiseSource.shared(3)) {
                long before = Pointer.totalCount();
                List<Long> held = new ArrayList<>();
                try (SchedulerRun run = scheduler.start(SamplingSettings.ofSteps(50))) {
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

    @Test
    void what_the_caller_closes_is_not_what_the_run_remembers() {
        TensorScope.run(() -> {
            float[] expected = Tensors.floats(draw(scheduler(), 8, clean()));
            try (SchedulerRun run = scheduler().start(SamplingSettings.ofSteps(8));
                    NoiseSource noise = NoiseSource.shared(3)) {
                Tensor clean = clean();
                Tensor sample = run.initialSample(noise.randn(SHAPE));
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

    @Test
    void looking_at_the_clean_sample_changes_nothing_and_has_a_gradient() {
        TensorScope.run(() -> {
            try (SchedulerRun run = scheduler().start(SamplingSettings.ofSteps(8));
                    NoiseSource noise = NoiseSource.shared(3)) {
                Tensor sample = noise.randn(SHAPE).set_requires_grad(true);
                Tensor output = noise.randn(SHAPE).set_requires_grad(true);
                float[] once = Tensors.floats(run.predOriginalSample(output, sample));
                Tensor again = run.predOriginalSample(output, sample);
                assertThat(Tensors.floats(again)).isEqualTo(once);
                assertThat(run.stepIndex()).isZero();
                again.sum().backward();
                assertThat(Tensors.floats(output.grad())).doesNotContain(0f, Float.NaN);
                if (predOriginalDependsOnSample()) {
                    assertThat(Tensors.floats(sample.grad())).doesNotContain(0f, Float.NaN);
                } else {
                    assertThat(once).isEqualTo(Tensors.floats(output));
                }
            }
        });
    }

    @Test
    void the_training_target_is_what_leads_back_to_the_clean_sample() {
        Scheduler scheduler = scheduler();
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

    @Test
    void a_run_that_begins_later_has_the_calls_that_are_left() {
        Scheduler scheduler = scheduler();
        SamplingSettings later = SamplingSettings.ofSteps(8).withFirstStep(5);
        if (!canBeginLater()) {
            assertThatIllegalArgumentException().isThrownBy(() -> scheduler.start(later));
            return;
        }
        TensorScope.run(() -> {
            try (SchedulerRun whole = scheduler.start(SamplingSettings.ofSteps(8));
                    SchedulerRun run = scheduler.start(later);
                    NoiseSource noise = NoiseSource.shared(3)) {
                assertThat(run.stepIndex()).isEqualTo(5 * scheduler.order());
                assertThat(run.timesteps()).isEqualTo(whole.timesteps());
                Tensor clean = clean();
                Tensor sample = run.addNoise(clean, scheduler.noise(noise.randn(SHAPE)));
                while (run.stepIndex() < run.timesteps().length) {
                    sample =
                            run.step(perfect(run, sample, clean), sample, noise).prevSample();
                }
                assertClose("the last sample", sample, clean, recoveryTolerance());
                assertThat(run.addNoise(clean, sample)).as("past the last call").isSameAs(clean);
            }
        });
    }

    @Test
    void a_kept_region_has_the_noise_of_the_sample_that_the_run_reached() {
        Scheduler scheduler = scheduler();
        TensorScope.run(() -> {
            try (SchedulerRun run = scheduler.start(SamplingSettings.ofSteps(10));
                    NoiseSource noise = NoiseSource.shared(3)) {
                Tensor clean = clean();
                Tensor epsilon = scheduler.noise(noise.randn(SHAPE));
                double timestep = run.timesteps()[0];
                assertClose(
                        "at the start",
                        run.addNoise(clean, epsilon),
                        scheduler.addNoise(clean, epsilon, timestep, timestep),
                        1e-4);
                double before = run.noiseRate() / run.signalRate();
                for (int call = 0; call < scheduler.order(); call++) {
                    run.step(noise.randn(SHAPE), noise.randn(SHAPE), noise);
                }
                assertThat(run.noiseRate() / run.signalRate()).isLessThan(before);
            }
        });
    }

    @Test
    void less_noise_has_a_higher_snr() {
        Scheduler scheduler = scheduler();
        int half = scheduler.numTrainTimesteps() / 2;
        assertThat(scheduler.snr(scheduler.trainTimestep(half)))
                .isLessThan(scheduler.snr(scheduler.trainTimestep(0)))
                .isGreaterThan(scheduler.snr(scheduler.trainTimestep(2 * half - 1)));
    }
}
