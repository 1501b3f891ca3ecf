// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.config;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.NoiseSchedule;
import dev.diffusion4j.schedule.PredictionType;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The settings of a chain of β that all its algorithms share; record accessors implement it. */
public interface ChainConfig {
    /** What most algorithms allow. */
    Set<BetaSchedule> COMMON_SCHEDULES =
            EnumSet.of(BetaSchedule.LINEAR, BetaSchedule.SCALED_LINEAR, BetaSchedule.SQUAREDCOS_CAP_V2);

    Set<PredictionType> EPSILON_SAMPLE_V =
            EnumSet.of(PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION);

    Set<PredictionType> EPSILON_V = EnumSet.of(PredictionType.EPSILON, PredictionType.V_PREDICTION);

    int numTrainTimesteps();

    double betaStart();

    double betaEnd();

    BetaSchedule betaSchedule();

    @Nullable
    List<Double> trainedBetas();

    PredictionType predictionType();

    default boolean rescaleBetasZeroSnr() {
        return false;
    }

    /** Checks what all algorithms check, and that the schedule and the prediction are ones that this algorithm knows. */
    default void checkChain(Set<BetaSchedule> schedules, Set<PredictionType> predictions) {
        Check.inRange(numTrainTimesteps(), 1, 1_000_000, "num_train_timesteps");
        Check.inRange(betaStart(), 0, 1, "beta_start");
        Check.inRange(betaEnd(), 0, 1, "beta_end");
        choose(betaSchedule(), schedules, "beta_schedule");
        choose(predictionType(), predictions, "prediction_type");
        List<Double> trained = trainedBetas();
        Check.that(
                trained == null || trained.size() == numTrainTimesteps(),
                "trained_betas must hold num_train_timesteps (" + numTrainTimesteps() + ") values, but holds "
                        + (trained == null ? 0 : trained.size()));
    }

    /** The table of β and ᾱ. */
    default NoiseSchedule noiseSchedule() {
        List<Double> trained = trainedBetas();
        double[] betas = trained != null
                ? trained.stream().mapToDouble(Double::doubleValue).toArray()
                : betaSchedule().betas(numTrainTimesteps(), betaStart(), betaEnd());
        NoiseSchedule schedule = NoiseSchedule.ofBetas(betas);
        return rescaleBetasZeroSnr() ? schedule.rescaleZeroTerminalSnr() : schedule;
    }

    /** Refuses what is not in {@code allowed}, naming what is. */
    static <E extends Enum<E> & Keyed> void choose(E value, Set<E> allowed, String name) {
        Check.that(
                allowed.contains(value),
                name + " '" + value.key() + "' is not known to this scheduler; choose one of "
                        + String.join(", ", allowed.stream().map(E::key).toList()));
    }
}
