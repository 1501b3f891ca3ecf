// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A loaded network with another algorithm. */
class SchedulerSwapTest {
    private static DiffusionPipeline pipeline;

    @BeforeAll
    static void load() {
        pipeline = DiffusionPipeline.load(Golden.path("tiny-pipeline"));
    }

    @AfterAll
    static void close() {
        pipeline.close();
    }

    @ParameterizedTest
    @EnumSource(SchedulerKind.class)
    void a_network_is_drawn_from_by_every_scheduler_of_its_chain_and_by_no_other(SchedulerKind kind) {
        if (kind.algorithm().chain() != Chain.BETAS) {
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> pipeline.withScheduler(kind))
                    .withMessageContaining("'" + kind.key() + "'")
                    .withMessageContaining("'ddpm'");
            return;
        }
        try (DiffusionPipeline swapped = pipeline.withScheduler(kind);
                GenerationResult result =
                        swapped.generate(GenerationRequest.of(r -> r.count(2).steps(4)))) {
            for (float value : Tensors.floats(result.samples())) {
                assertThat(value).isBetween(-30f, 30f);
            }
        }
    }

    @Test
    void a_solver_that_is_set_to_straight_paths_fits_only_networks_of_those() {
        Map<String, Object> flow = new HashMap<>();
        flow.put("use_flow_sigmas", true);
        flow.put("prediction_type", "flow_prediction");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> pipeline.withScheduler(SchedulerKind.DPM_MULTISTEP, flow))
                .withMessageContaining("does not fit");
        assertThat(SchedulerKind.DPM_MULTISTEP.create(flow).chain()).isEqualTo(Chain.FLOW);
        assertThat(SchedulerKind.FLOW_MATCH_EULER.create(Map.of()).chain()).isEqualTo(Chain.FLOW);
        assertThat(SchedulerKind.EULER
                        .create(Map.of("timestep_type", "continuous", "prediction_type", "v_prediction"))
                        .chain())
                .isEqualTo(Chain.EDM);
    }
}
