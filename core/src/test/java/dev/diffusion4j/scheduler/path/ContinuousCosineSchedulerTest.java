// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.path;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.scheduler.SampleRange;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The lesson's schedule and loop, and what its normaliser does to pictures. */
class ContinuousCosineSchedulerTest {
    private static final Scheduler PLAIN = SchedulerKind.CONTINUOUS_COSINE.create(Map.of());
    private static final Map<String, Object> NORMALISED = Map.of(
            "normalizer_mean", List.of(0.4, 0.5, 0.6), "normalizer_std", List.of(0.1, 0.2, 0.3), "clip_sample", true);

    @ParameterizedTest
    @CsvSource({
        "0, 0.95, 0.3122",
        "0.25, 0.8105, 0.5858",
        "0.5, 0.5945, 0.8041",
        "0.75, 0.3224, 0.9466",
        "1, 0.02, 0.9998"
    })
    void signal_and_noise(double time, double signal, double noise) {
        double variance = PLAIN.timestepAt(time);
        assertThat(PLAIN.signalRate(variance)).isCloseTo(signal, within(5e-5));
        assertThat(PLAIN.noiseRate(variance)).isCloseTo(noise, within(5e-5));
    }

    @Test
    void every_count_of_steps_equals_the_lessons_loop() {
        TensorScope.run(() -> {
            try (Golden golden = Golden.open("continuous")) {
                for (int steps = 1; steps <= 20; steps++) {
                    try (NoiseSource noise = NoiseSource.shared(11);
                            SchedulerRun run = PLAIN.start(SamplingSettings.ofSteps(steps))) {
                        Tensor sample = noise.randn(2, 3, 4, 4);
                        Tensor original = sample;
                        for (double variance : run.timesteps()) {
                            Tensor output = sample.mul(new Scalar(0.5)).add(new Scalar(0.1 * variance));
                            StepResult result = run.step(output, sample, noise);
                            sample = result.prevSample();
                            original = result.predOriginalSample();
                        }
                        assertClose(steps + " steps", sample, golden.tensor("sampled." + steps), 2e-4);
                        assertThat(Tensors.floats(sample)).isEqualTo(Tensors.floats(original));
                    }
                }
            }
        });
    }

    @Test
    void normalised_pictures_go_to_the_network_and_back_by_channel() {
        SampleRange range = SchedulerKind.CONTINUOUS_COSINE.create(NORMALISED).sampleRange();
        TensorScope.run(() -> {
            try (RandomStream random = new RandomStream(1)) {
                Tensor unit = random.rand(2, 3, 4, 4);
                Tensor normal = range.fromSigned(unit.mul(new Scalar(2.0)).sub(new Scalar(1.0)));
                Tensor mean = Tensors.of(new float[] {0.4f, 0.5f, 0.6f}, 1, 3, 1, 1);
                Tensor std = Tensors.of(new float[] {0.1f, 0.2f, 0.3f}, 1, 3, 1, 1);
                assertClose("normal", normal, unit.sub(mean).div(std), 1e-5);
                assertClose("and back", range.toUnit(normal), unit, 1e-6);
            }
        });
    }

    @Test
    void clipping_keeps_to_what_a_picture_can_show() {
        Scheduler scheduler = SchedulerKind.CONTINUOUS_COSINE.create(NORMALISED);
        TensorScope.run(() -> {
            try (SchedulerRun run = scheduler.start(SamplingSettings.ofSteps(4));
                    NoiseSource noise = NoiseSource.shared(3)) {
                Tensor sample = noise.randn(2, 3, 4, 4);
                Tensor unit = scheduler
                        .sampleRange()
                        .toUnit(run.step(torch.zeros_like(sample), sample, noise)
                                .predOriginalSample());
                assertThat(unit.min().item_float()).isBetween(-1e-5f, 1e-5f);
                assertThat(unit.max().item_float()).isBetween(1 - 1e-5f, 1 + 1e-5f);
            }
        });
    }

    @Test
    void fresh_noise_leaves_the_variance_as_it_is() {
        TensorScope.run(() -> {
            try (SchedulerRun run = PLAIN.start(SamplingSettings.ofSteps(4).withEta(1));
                    NoiseSource noise = NoiseSource.shared(3)) {
                Tensor epsilon = noise.randn(1, 1, 200, 200);
                Tensor clean = torch.zeros_like(epsilon);
                double now = run.timesteps()[0];
                Tensor next = run.step(epsilon, PLAIN.addNoise(clean, epsilon, now), noise)
                        .prevSample();
                assertThat(next.square().mean().item_double()).isCloseTo(run.timesteps()[1], within(0.02));
            }
        });
    }

    @Test
    void what_makes_no_sense_is_refused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SchedulerKind.CONTINUOUS_COSINE.create(Map.of("min_signal_rate", 0.96)))
                .withMessageContaining("min_signal_rate < max_signal_rate");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SchedulerKind.CONTINUOUS_COSINE.create(Map.of("normalizer_mean", List.of(0.5))))
                .withMessageContaining("normalizer_std");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PLAIN.start(SamplingSettings.ofSteps(1001)))
                .withMessageContaining("1000");
    }
}
