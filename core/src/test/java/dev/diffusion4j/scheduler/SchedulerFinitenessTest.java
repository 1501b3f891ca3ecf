// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A run draws finite numbers, or is refused before anything is drawn. */
class SchedulerFinitenessTest {
    private static final long[] SHAPE = {1, 1, 2, 2};
    private static final int[] STEPS = {1, 2, 3, 7, 30};

    /** What a config may hold, of which each scheduler takes what it knows; each once. */
    private static Set<Map<String, Object>> configs(SchedulerKind kind, Map<String, Object> twist) {
        Set<String> known = new HashSet<>(kind.create(Map.of()).config().keySet());
        known.addAll(List.of("sigma_min", "sigma_max")); // many use what another scheduler had
        Set<Map<String, Object>> configs = new LinkedHashSet<>();
        for (PredictionType prediction : PredictionType.values()) {
            for (String spacing : List.of("leading", "linspace", "trailing")) {
                for (String levels :
                        List.of("none", "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas")) {
                    Map<String, Object> config = new LinkedHashMap<>();
                    config.put("prediction_type", prediction.key());
                    config.put("timestep_spacing", spacing);
                    config.put(levels, true);
                    config.putAll(twist);
                    config.keySet().retainAll(known);
                    configs.add(config);
                }
            }
        }
        return configs;
    }

    private static List<Map<String, Object>> twists() {
        return List.of(
                Map.of(),
                Map.of("rescale_betas_zero_snr", true, "clip_sample", false),
                Map.of("rescale_betas_zero_snr", true, "thresholding", true),
                Map.of("beta_schedule", "squaredcos_cap_v2", "final_sigmas_type", "sigma_min", "clip_sample", false),
                Map.of("beta_start", 0.0, "beta_end", 1.0),
                Map.of("sigma_min", 30.0, "sigma_max", 0.01),
                Map.of("use_flow_sigmas", true, "flow_shift", 1e9),
                Map.of("variance_type", "learned", "num_train_timesteps", 40L, "beta_end", 0.5),
                Map.of("shift_terminal", 0.1, "use_flow_sigmas", true, "algorithm_type", "sde-dpmsolver++"));
    }

    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void a_run_is_finite_or_refused_before_it_starts(SchedulerKind kind) {
        int finished = 0;
        for (Map<String, Object> twist : twists()) {
            for (Map<String, Object> config : configs(kind, twist)) {
                for (int steps : twist.isEmpty() ? STEPS : new int[] {1, 20}) {
                    finished += isDrawn(kind, config, SamplingSettings.ofSteps(steps)) ? 1 : 0;
                }
            }
        }
        assertThat(finished).as("runs that were not refused").isGreaterThan(STEPS.length);
    }

    /** Whether it is not refused; a run that is not finite fails the test. */
    private static boolean isDrawn(SchedulerKind kind, Map<String, Object> config, SamplingSettings asked) {
        SamplingSettings settings;
        Scheduler scheduler;
        try {
            scheduler = kind.create(new LinkedHashMap<>(config));
            settings = asked.withEta(scheduler.takesEta() ? 1 : 0);
            scheduler.start(settings).close();
        } catch (IllegalArgumentException e) {
            return false;
        }
        TensorScope.run(() -> {
            float[] drawn = draw(scheduler, settings);
            for (float value : drawn) {
                assertThat(Float.isFinite(value))
                        .as("%s %s %s: %s", kind, config, settings.numInferenceSteps(), value)
                        .isTrue();
            }
        });
        return true;
    }

    private static float[] draw(Scheduler scheduler, SamplingSettings settings) {
        try (SchedulerRun run = scheduler.start(settings);
                NoiseSource noise = NoiseSource.shared(1);
                RandomStream outputs = new RandomStream(2)) {
            Tensor sample = run.initialSample(noise.randn(SHAPE));
            for (double timestep : run.timesteps()) {
                Tensor output =
                        outputs.randn(SHAPE).add(run.scaleModelInput(sample).mul(new Scalar(0.1)));
                output = scheduler.predictionType() == PredictionType.SCORE
                        ? output.div(new Scalar(timestep * timestep))
                        : withVariance(scheduler.config(), output);
                sample = run.step(output, sample, noise).prevSample();
            }
            return Tensors.floats(sample);
        }
    }

    private static Tensor withVariance(Map<String, @Nullable Object> config, Tensor output) {
        return "learned".equals(config.get("variance_type"))
                ? torch.cat(new TensorVector(output, output), 1) // below 0 in places, where no variance can be
                : output;
    }

    @Test
    void where_all_noise_is_fresh_nothing_is_kept_of_the_old() {
        // diffusers#5969: 1 − ᾱ − σ² is 0 by mathematics, and below it by rounding
        Map<String, Object> config = Map.of(
                "rescale_betas_zero_snr",
                true,
                "prediction_type",
                "v_prediction",
                "timestep_spacing",
                "trailing",
                "clip_sample",
                false);
        for (int steps = 1; steps <= 50; steps++) {
            assertThat(isDrawn(SchedulerKind.DDIM, config, SamplingSettings.ofSteps(steps)))
                    .isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = SchedulerKind.class,
            names = {"DDIM", "CONTINUOUS_COSINE"})
    void more_fresh_noise_than_a_step_can_end_with_is_refused(SchedulerKind kind) {
        Scheduler scheduler = kind.create(Map.of());
        SamplingSettings settings = SamplingSettings.ofSteps(10);
        scheduler.start(settings.withEta(1)).close();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> scheduler.start(settings.withEta(1.5)))
                .withMessageMatching("eta must be at most 1\\.0\\d* in a run of 10 steps, but was 1\\.5: .*");
    }

    @Test
    void the_lower_level_of_an_ancestral_step_stays_above_zero() {
        // with the cosine's first levels nothing is left of the difference in f32, and ln 0 has no middle
        Map<String, Object> config = Map.of("beta_schedule", "squaredcos_cap_v2");
        for (int steps = 1; steps <= 30; steps++) {
            assertThat(isDrawn(SchedulerKind.KDPM2_ANCESTRAL, config, SamplingSettings.ofSteps(steps)))
                    .isTrue();
        }
    }
}
