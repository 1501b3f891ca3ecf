// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Records;
import dev.diffusion4j.trainer.LearningRateSchedule.Shape;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which batches make an update, held against accelerate ({@code oracle/golden_accumulation.py}). */
class UpdatePlanTest {
    /** An update of accelerate: its epoch, what share of each batch is in it, PyTorch's exponential rate. */
    record Update(int epoch, List<Double> shares, double rate) {
        static Update of(Object json) {
            Map<String, ?> values = Json.object((Map<?, ?>) json);
            List<Double> shares = ((List<?>) Objects.requireNonNull(values.get("shares")))
                    .stream().map(share -> ((Number) share).doubleValue()).toList();
            return new Update(
                    number(values, "epoch").intValue(),
                    shares,
                    number(values, "rate").doubleValue());
        }
    }

    record Case(int batches, int accumulation, int epochs, List<Update> updates) {
        static Case of(Object json) {
            Map<String, ?> values = Json.object((Map<?, ?>) json);
            List<?> updates = (List<?>) Objects.requireNonNull(values.get("updates"));
            return new Case(
                    number(values, "batches").intValue(),
                    number(values, "accumulation").intValue(),
                    number(values, "epochs").intValue(),
                    updates.stream().map(Update::of).toList());
        }
    }

    private static Number number(Map<String, ?> values, String key) {
        return (Number) Objects.requireNonNull(values.get(key));
    }

    static Stream<Case> cases() throws URISyntaxException {
        Path file = Path.of(Objects.requireNonNull(UpdatePlanTest.class.getResource("/golden/accumulation.json"))
                .toURI());
        return ((List<?>) Objects.requireNonNull(Json.readObject(file).get("cases")))
                .stream().map(Case::of);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void updates_take_the_batches_that_they_take_in_accelerate(Case golden) {
        UpdatePlan plan = new UpdatePlan(golden.batches, golden.accumulation, golden.epochs, null);
        LearningRateSchedule halving =
                Records.with(LearningRateSchedule.DEFAULT, Map.of("name", Shape.EXPONENTIAL, "gamma", 0.5));
        long batchesDone = 0;
        for (int step = 0; step < golden.updates.size(); step++) {
            Update expected = golden.updates.get(step);
            assertThat(plan.totalSteps(step, batchesDone)).isEqualTo(golden.updates.size());
            assertThat(plan.epochAfter(batchesDone)).isEqualTo(expected.epoch);
            List<Double> shares = new ArrayList<>(java.util.Collections.nCopies(golden.batches, 0.0));
            for (int i = 0; i < plan.batchesOfNextStep(batchesDone); i++) {
                shares.set((int) (batchesDone + i) % golden.batches, 1.0 / golden.accumulation);
            }
            assertThat(shares)
                    .usingElementComparator((a, b) -> Math.abs(a - b) < 1e-5 ? 0 : 1)
                    .isEqualTo(expected.shares);
            assertThat(halving.factor(step, golden.updates.size(), plan.epochAfter(batchesDone), 1))
                    .isCloseTo(expected.rate, within(1e-12));
            batchesDone += plan.batchesOfNextStep(batchesDone);
            boolean last = step + 1 == golden.updates.size() || golden.updates.get(step + 1).epoch > expected.epoch;
            assertThat(plan.endsEpoch(batchesDone)).isEqualTo(last);
        }
        assertThat(plan.totalSteps(golden.updates.size(), batchesDone)).isEqualTo(golden.updates.size());
        assertThat(plan.stepsPerEpoch() * golden.epochs).isEqualTo(golden.updates.size());
    }

    /** Earlier versions took two batches each time: with three an epoch, the second update reached over the end. */
    @Test
    void a_run_of_an_earlier_version_goes_on_from_the_middle_of_an_epoch() {
        UpdatePlan plan = new UpdatePlan(3, 2, 4, null);
        assertThat(plan.batchesOfNextStep(4)).isEqualTo(2);
        assertThat(plan.totalSteps(2, 4)).isEqualTo(2 + 1 + 2 * 2);
        assertThat(plan.totalSteps(1, 50)).as("a run that made too many epochs").isEqualTo(1);
        assertThat(new UpdatePlan(3, 2, 4, 3).totalSteps(2, 4)).isEqualTo(3);
    }
}
