// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import static dev.diffusion4j.testing.Golden.assertClose;

import dev.diffusion4j.scheduler.LessonDdpmScheduler.Variance;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.testing.Golden;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
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
}
