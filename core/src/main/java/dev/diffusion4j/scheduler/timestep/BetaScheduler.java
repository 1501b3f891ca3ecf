// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.timestep;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.NoiseSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.config.ChainConfig;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A scheduler for networks that were trained on a table of β. */
public abstract class BetaScheduler extends Scheduler {
    private final ChainConfig chain;
    private final NoiseSchedule schedule;

    /**
     * @param schedules what {@code beta_schedule} may be
     * @param predictions what {@code prediction_type} may be
     */
    protected <C extends Record & ChainConfig> BetaScheduler(
            C config,
            Map<String, @Nullable Object> unknownKeys,
            Set<BetaSchedule> schedules,
            Set<PredictionType> predictions) {
        super(config, unknownKeys);
        config.checkChain(schedules, predictions);
        chain = config;
        schedule = config.noiseSchedule();
    }

    /** ᾱ by training timestep. */
    public final NoiseSchedule schedule() {
        return schedule;
    }

    @Override
    public final PredictionType predictionType() {
        return chain.predictionType();
    }

    @Override
    public final int numTrainTimesteps() {
        return chain.numTrainTimesteps();
    }

    /** {@code timestep} if it is a trained one, or between two. */
    protected final double checkTimestep(double timestep) {
        return Check.inRange(timestep, 0, numTrainTimesteps() - 1.0, "timestep");
    }
}
