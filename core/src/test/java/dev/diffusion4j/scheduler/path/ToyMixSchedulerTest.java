// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.path;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** The from-scratch lesson's corruption and loop. */
class ToyMixSchedulerTest {
    private static final int STEPS = 5;

    private final Scheduler scheduler = SchedulerKind.TOY_MIX.create(Map.of());

    /** The lesson: {@code x = x*(1 - mix) + net(x)*mix} with {@code mix = 1/(n_steps - i)}, here with x² for a network. */
    @Test
    void equals_the_lessons_loop() {
        TensorScope.run(() -> {
            try (NoiseSource noise = NoiseSource.shared(3);
                    SchedulerRun run = scheduler.start(SamplingSettings.ofSteps(STEPS))) {
                assertThat(run.timesteps()).containsExactly(1000, 800, 600, 400, 200);
                Tensor sample = run.initialSample(noise.randn(2, 1, 4, 4));
                float[] expected = Tensors.floats(sample);
                for (int i = 0; i < STEPS; i++) {
                    sample = run.step(sample.square(), sample, noise).prevSample();
                    float mix = 1f / (STEPS - i);
                    for (int k = 0; k < expected.length; k++) {
                        expected[k] = expected[k] * (1 - mix) + expected[k] * expected[k] * mix;
                    }
                }
                assertClose("sample", Tensors.floats(sample), expected, 1e-6);
            }
        });
    }

    @Test
    void noise_is_uniform_and_mixed_by_its_amount_and_the_network_is_told_nothing() {
        TensorScope.run(() -> {
            try (NoiseSource random = NoiseSource.shared(5)) {
                Tensor noise = scheduler.noise(random.randn(2, 3, 100, 100));
                assertThat(noise.min().item_float()).isBetween(0f, 1e-3f);
                assertThat(noise.max().item_float()).isBetween(0.999f, 1f);
                assertThat(noise.mean().item_double()).isCloseTo(0.5, within(5e-3));
                assertThat(noise.var().item_double()).isCloseTo(1.0 / 12, within(1e-3));
                Tensor clean = random.randn(2, 3, 100, 100);
                assertClose(
                        "mixed",
                        scheduler.addNoise(clean, noise, 250, 250),
                        clean.mul(new Scalar(0.75)).add(noise.mul(new Scalar(0.25))),
                        1e-6);
            }
            assertThat(scheduler.networkTime(250)).isZero();
            assertThat(SchedulerKind.TOY_MIX.create(Map.of("tell_time", true)).networkTime(250))
                    .isEqualTo(250);
        });
    }
}
