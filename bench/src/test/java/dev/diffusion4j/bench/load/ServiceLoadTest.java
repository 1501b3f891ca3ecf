// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.bench.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What {@code bench/load service} measures, in small; nothing here depends on how fast anything is. */
@Timeout(120)
class ServiceLoadTest {
    private static final Path MODEL = Path.of("../core/src/test/resources/golden/tiny-pipeline");
    private static final int REQUESTS = 60;

    private static int count(Map<String, Object> report, String end) {
        return ((Long) report.getOrDefault(end, 0L)).intValue();
    }

    private static Map<String, Object> restless(Drawer drawer) {
        try (drawer;
                Crowd crowd = new Crowd(12)) {
            ServiceLoad load = new ServiceLoad(drawer);
            load.begin(10);
            return load.restless(crowd, REQUESTS);
        }
    }

    @Test
    void each_picture_of_many_restless_callers_is_that_of_one_and_all_are_answered() {
        Map<String, Object> report = restless(new ServiceDrawer(MODEL, 3, 6, true));
        assertThat(count(report, "drawn") + count(report, "cancelled") + count(report, "expired"))
                .isEqualTo(REQUESTS);
        assertThat(count(report, "drawn"))
                .as("all but the third that may leave and the tenth with a deadline")
                .isGreaterThanOrEqualTo(REQUESTS - REQUESTS / 3 - REQUESTS / 15);
        assertThat(count(report, "refused")).as("12 callers, 7 places").isPositive();
        assertThat((Double) report.get("difference")).isLessThanOrEqualTo(1e-4);
    }

    @Test
    void requests_that_share_no_batch_are_drawn_to_the_last_bit_and_so_are_those_of_a_plain_pipeline() {
        assertThat(restless(new ServiceDrawer(MODEL, 3, 12, false)))
                .containsEntry("difference", 0.0)
                .doesNotContainKey("refused");
        assertThat(restless(new PipelineDrawer(MODEL, 3))).containsEntry("difference", 0.0);
    }

    @Test
    void the_same_third_of_the_callers_leaves_each_time() {
        LoadPlan plan = LoadPlan.of(500, 100, 13);
        assertThat(plan).isEqualTo(LoadPlan.of(500, 100, 13));
        assertThat(plan.requests()).filteredOn(asked -> asked.leaves() < 1).hasSize(166);
        assertThat(plan.requests())
                .filteredOn(asked -> !Double.isInfinite(asked.deadline()))
                .hasSize(33);
    }
}
