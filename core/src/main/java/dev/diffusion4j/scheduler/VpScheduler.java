// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A scheduler on the variance-preserving chain x_t = √ᾱ_t·x₀ + √(1−ᾱ_t)·ε with whole training timesteps. */
abstract class VpScheduler extends BetaScheduler {
    <C extends Record & ChainConfig> VpScheduler(
            C config,
            Map<String, @Nullable Object> unknownKeys,
            Set<BetaSchedule> schedules,
            Set<PredictionType> predictions) {
        super(config, unknownKeys, schedules, predictions);
    }

    @Override
    public double signalRate(double timestep) {
        return Math.sqrt(schedule().alphasCumprod((int) checkTimestep(timestep)));
    }

    @Override
    public double noiseRate(double timestep) {
        return Math.sqrt(1 - schedule().alphasCumprod((int) checkTimestep(timestep)));
    }

    /** A run whose timesteps are whole. */
    abstract class VpRun extends SchedulerRun {
        VpRun(double[] timesteps) {
            super(timesteps);
        }

        @Override
        public Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
            return Combine.predOriginal(
                    predictionType(), signalRate(timestep()), noiseRate(timestep()), modelOutput, sample);
        }

        @Override
        public double signalShare() {
            return schedule().alphasCumprod((int) timestep());
        }
    }
}
