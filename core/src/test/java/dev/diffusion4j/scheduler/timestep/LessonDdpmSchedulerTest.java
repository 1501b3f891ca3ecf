// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.timestep;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.timestep.LessonDdpmScheduler.Variance;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The lessons' loops, with a formula in place of a network. */
class LessonDdpmSchedulerTest {
    private static final int STEPS = 20;

    @ParameterizedTest
    @EnumSource
    void equals_the_lessons_loop(Variance variance) {
        Scheduler scheduler = SchedulerKind.LESSON_DDPM.create(Map.of(
                "num_train_timesteps",
                (long) STEPS,
                "variance",
                variance.key(),
                "clamp_sample",
                variance == Variance.POSTERIOR));
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("lessons");
                    NoiseSource noise = NoiseSource.shared(11);
                    SchedulerRun run = scheduler.start(SamplingSettings.ofSteps(STEPS))) {
                Tensor sample = noise.randn(2, 1, 4, 4);
                for (double timestep : run.timesteps()) {
                    Tensor output = sample.mul(new Scalar(0.5)).add(new Scalar(0.1 * timestep / STEPS));
                    sample = run.step(output, sample, noise).prevSample();
                }
                assertClose("sample", sample, golden.tensor("sampled." + variance.key()), 1e-5);
            }
        });
    }

    /** T = 150: pred_noise_coeff of t = 75 is 0.0178106, β of the step before 0.009983, worked out from the formulas. */
    @Test
    void a_step_of_the_lab_by_hand() {
        Scheduler scheduler = SchedulerKind.LESSON_DDPM.create(Map.of());
        TensorScope.run(() -> {
            try (NoiseSource drawn = NoiseSource.shared(3);
                    NoiseSource same = NoiseSource.shared(3);
                    SchedulerRun run = scheduler.start(SamplingSettings.ofSteps(150))) {
                Tensor sample = Tensors.ofDoubles(0.5, -1, 0, 2).view(1, 1, 2, 2);
                Tensor epsilon = Tensors.ofDoubles(1, 0.25, -3, 0).view(1, 1, 2, 2);
                for (int i = 149; i > 75; i--) {
                    run.step(epsilon, sample, drawn);
                    same.like(sample);
                }
                double beta = 1e-4 + (0.02 - 1e-4) * 75 / 149;
                double before = 1e-4 + (0.02 - 1e-4) * 74 / 149;
                Tensor expected = sample.sub(epsilon.mul(new Scalar(0.0178106)))
                        .div(new Scalar(Math.sqrt(1 - beta)))
                        .add(same.like(sample).mul(new Scalar(Math.sqrt(before))));
                assertThat(run.timesteps()[run.stepIndex()]).isEqualTo(75);
                assertClose("sample", run.step(epsilon, sample, drawn).prevSample(), expected, 1e-6);
            }
        });
    }

    @Test
    void noise_is_added_as_its_formula_says() {
        Scheduler scheduler = SchedulerKind.LESSON_DDPM.create(Map.of());
        TensorScope.run(() -> {
            try (NoiseSource random = NoiseSource.shared(5)) {
                Tensor clean = random.randn(2, 1, 200, 200).mul(new Scalar(0.3));
                Tensor noisy = scheduler.addNoise(clean, random.randn(2, 1, 200, 200), 0, 75);
                assertThat(noisy.select(0, 0).var().item_double()).isCloseTo(1e-4 + 0.9999 * 0.09, within(2e-3));
                double signal = 0.8230148 * 0.8230148;
                assertThat(noisy.select(0, 1).var().item_double()).isCloseTo(signal * 0.09 + 1 - signal, within(5e-3));
            }
        });
    }
}
