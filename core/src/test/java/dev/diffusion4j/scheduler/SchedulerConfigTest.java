// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.schedule.PredictionType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every scheduler's settings: read, written, refused, handed on. */
class SchedulerConfigTest {
    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void its_config_survives_json_with_the_keys_of_others(SchedulerKind kind) {
        Map<String, Object> foreign = Map.of("some_other_setting", 1.5, "a_list", List.of(1L, "two"));
        Map<String, Object> config = kind.create(foreign).config();
        String json = Json.pretty(config);
        assertThat(json).contains("\"some_other_setting\": 1.5");
        Map<String, Object> again =
                kind.create(Json.parseObject(json, kind.key())).config();
        assertThat(Json.pretty(again)).isEqualTo(json);
    }

    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void files_of_diffusers_are_read(SchedulerKind kind) {
        Map<String, Object> file = Map.of(
                "_class_name",
                kind.className(),
                "_diffusers_version",
                "0.42.1",
                "num_train_timesteps",
                500L,
                "beta_start",
                0.5,
                "_use_default_values",
                List.of("beta_start"));
        Scheduler scheduler = SchedulerKind.ofClass(kind.className(), "a test").create(file);
        assertThat(SchedulerKind.of(scheduler)).isEqualTo(kind);
        assertThat(scheduler.numTrainTimesteps()).isEqualTo(500);
        assertThat(scheduler.config()).doesNotContainKeys("_class_name", "_diffusers_version", "_use_default_values");
        assertThat(scheduler.config().get("beta_start")).isNotEqualTo(0.5);
    }

    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void settings_that_make_no_sense_are_refused(SchedulerKind kind) {
        assertThatIllegalArgumentException().isThrownBy(() -> kind.create(Map.of("num_train_timesteps", 0L)));
        assertThatIllegalArgumentException().isThrownBy(() -> SamplingSettings.ofSteps(0));
        assumeThat(kind.create(Map.of()).config()).containsKey("prediction_type");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kind.create(Map.of("prediction_type", PredictionType.SCORE.key())))
                .withMessageContaining("score");
    }

    @Test
    void any_scheduler_takes_over_the_settings_of_any_other_of_its_chain() {
        for (SchedulerKind from : SchedulerKind.values()) {
            for (SchedulerKind to : SchedulerKind.values()) {
                if (from.algorithm().chain() == to.algorithm().chain()) {
                    Map<String, Object> changed = Map.of("num_train_timesteps", 200L);
                    Scheduler swapped = to.create(from.create(changed).config());
                    assertThat(swapped.numTrainTimesteps())
                            .as("%s to %s", from, to)
                            .isEqualTo(200);
                    Scheduler back = from.create(swapped.config());
                    assertThat(back.config())
                            .as("%s to %s and back", from, to)
                            .containsAllEntriesOf(
                                    withoutSolverNames(from.create(changed).config()));
                }
            }
        }
    }

    /** Solvers give these two names of their own. */
    private static Map<String, Object> withoutSolverNames(Map<String, Object> config) {
        Map<String, Object> copy = new LinkedHashMap<>(config);
        copy.keySet().removeAll(List.of("solver_type", "algorithm_type"));
        return copy;
    }

    @Test
    void an_unknown_class_is_answered_with_the_nearest() {
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> SchedulerKind.ofClass("EulerDiscretScheduler", "model_index.json"))
                .withMessageContaining("EulerDiscreteScheduler");
    }

    @Test
    void solvers_take_over_each_others_names() {
        Map<String, Object> deis = SchedulerKind.DEIS.create(Map.of()).config();
        assertThat(deis).containsEntry("algorithm_type", "deis").containsEntry("solver_type", "logrho");
        Map<String, Object> dpm = SchedulerKind.DPM_MULTISTEP.create(deis).config();
        assertThat(dpm).containsEntry("algorithm_type", "dpmsolver++").containsEntry("solver_type", "midpoint");
        assertThat(SchedulerKind.UNIPC.create(dpm).config()).containsEntry("solver_type", "bh2");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SchedulerKind.DEIS.create(Map.of("algorithm_type", "sde-dpmsolver++")))
                .withMessageContaining("sde-dpmsolver++");
    }

    @Test
    void infinity_in_a_file_is_read_and_written_as_python_does() {
        String json = Json.pretty(SchedulerKind.DPM_MULTISTEP.create(Map.of()).config());
        assertThat(json).contains("\"lambda_min_clipped\": -Infinity");
        Map<String, Object> read = Json.parseObject(json, "a test");
        assertThat(SchedulerKind.DPM_MULTISTEP.create(read).config().get("lambda_min_clipped"))
                .isEqualTo(Double.NEGATIVE_INFINITY);
    }

    @Test
    void the_ends_of_the_levels_are_kept_where_another_scheduler_set_them() {
        Map<String, Object> euler = SchedulerKind.EULER
                .create(Map.of("sigma_min", 0.05, "sigma_max", 20.0, "use_karras_sigmas", true))
                .config();
        try (SchedulerRun run = SchedulerKind.HEUN.create(euler).start(SamplingSettings.ofSteps(4))) {
            assertThat(run.initNoiseSigma()).isEqualTo(20);
        }
    }

    @Test
    void what_needs_something_that_is_not_here_is_refused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SchedulerKind.UNIPC.create(Map.of("solver_p", Map.of())))
                .withMessageContaining("solver_p");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SchedulerKind.FLOW_MATCH_EULER
                        .create(Map.of("use_dynamic_shifting", true))
                        .start(SamplingSettings.ofSteps(4)))
                .withMessageContaining("mu");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SchedulerKind.DPM_MULTISTEP.create(Map.of("prediction_type", "flow_prediction")))
                .withMessageContaining("use_flow_sigmas");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SchedulerKind.DDPM.create(Map.of("trained_betas", List.of(0.1, 0.2))))
                .withMessageContaining("trained_betas");
    }
}
