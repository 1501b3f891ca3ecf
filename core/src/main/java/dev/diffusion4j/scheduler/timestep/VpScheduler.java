// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.timestep;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.internal.Clipping;
import dev.diffusion4j.scheduler.internal.Combine;
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

    /**
     * These timesteps, if a step can be worked out from each of them.
     *
     * @param bounded whether x̂₀ is found where nothing of the picture is left: by the network's own words, or because it is cut
     * @throws IllegalArgumentException where one has no noise, or no signal
     */
    final double[] checkedLevels(double[] timesteps, boolean bounded) {
        for (double timestep : timesteps) {
            int t = (int) timestep;
            Check.that(
                    schedule().alphasCumprod(t) < 1,
                    "timestep " + t + " has no noise; the scheduler's betas must be larger than 0");
            boolean signal = schedule().alphasCumprod(t) > 0;
            Check.that(
                    signal || bounded,
                    "nothing of the picture is left at timestep " + t + ", where prediction_type '"
                            + predictionType().key()
                            + "' says nothing of it; choose 'v_prediction' or 'sample', clip_sample, or other betas");
            Check.that(
                    signal || t == 0 || schedule().alphasCumprod(t - 1) > 0,
                    "nothing of the picture is left from timestep " + (t - 1) + " on; the betas must be smaller");
        }
        return timesteps;
    }

    /** Whether x̂₀ is a finite number at a level where nothing of the picture is left. */
    final boolean isBounded(Clipping clipping) {
        return predictionType() != PredictionType.EPSILON || clipping.cutsInfinity();
    }

    /** A run whose timesteps are whole. */
    abstract class VpRun extends SchedulerRun {
        VpRun(double[] timesteps) {
            super(timesteps);
        }

        @Override
        public Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
            return Combine.predOriginal(predictionType(), signalRate(), noiseRate(), modelOutput, sample);
        }

        @Override
        public final double signalRate() {
            return VpScheduler.this.signalRate(timestep());
        }

        @Override
        public final double noiseRate() {
            return VpScheduler.this.noiseRate(timestep());
        }

        @Override
        public final double signalShare() {
            return schedule().alphasCumprod((int) timestep());
        }

        @Override
        public final double sampleVariance() {
            return 1;
        }
    }
}
