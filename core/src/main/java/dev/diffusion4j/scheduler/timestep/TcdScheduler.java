// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.timestep;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Strategic stochastic sampling: Zheng et al. (2024), Trajectory Consistency Distillation, algorithm 4: along the trajectory to s =
 * ⌊(1−γ)·t'⌋, below the next timestep t', and back up to t' with fresh noise; diffusers' {@code TCDScheduler}, for Hyper-SD. γ is
 * {@link SamplingSettings#eta()}: 0 draws no noise, 1 jumps to timestep 0 and takes fresh noise only. The last step ends at timestep 0.
 */
public final class TcdScheduler extends VpScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("tcd", "TCDScheduler", Chain.BETAS, ConsistencyConfig.DEFAULT, TcdScheduler::new);

    private final ConsistencyConfig config;

    /** With the given settings; those that cut x̂₀ decide nothing here, in diffusers neither. */
    public TcdScheduler(ConsistencyConfig config) {
        this(config, Map.of());
    }

    TcdScheduler(ConsistencyConfig config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, ChainConfig.COMMON_SCHEDULES, ChainConfig.EPSILON_SAMPLE_V);
        this.config = config;
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    public boolean takesEta() {
        return true;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        Check.that(settings.eta() <= 1, "{eta} must lie in [0, 1] with the scheduler 'tcd', but was " + settings.eta());
        boolean bounded = predictionType() != PredictionType.EPSILON;
        return new Run(checkedLevels(config.timesteps(settings), bounded), settings.eta());
    }

    private final class Run extends VpRun {
        private final double[] timesteps;
        private final double gamma;

        Run(double[] timesteps, double gamma) {
            super(timesteps);
            this.timesteps = timesteps;
            this.gamma = gamma;
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            boolean last = stepIndex() + 1 == timesteps.length;
            double next = last ? 0 : timesteps[stepIndex() + 1];
            double below = Math.floor((float) (1 - gamma) * (float) next); // in f32, as the reference rounds
            Tensor predOriginal = predOriginalSample(modelOutput, sample);
            Tensor epsilon = Combine.predEpsilon(predictionType(), signalRate(), noiseRate(), modelOutput, sample);
            Tensor noised = Combine.sum(
                    TcdScheduler.this.signalRate(below), predOriginal,
                    TcdScheduler.this.noiseRate(below), epsilon);
            if (last || gamma == 0) {
                return new StepResult(noised, predOriginal);
            }
            double kept = schedule().alphasCumprod((int) next) / schedule().alphasCumprod((int) below);
            Tensor prevSample = Combine.scale(Math.sqrt(kept), noised)
                    .add(noise.like(modelOutput), new Scalar(Math.sqrt(1 - kept)));
            return new StepResult(prevSample, predOriginal);
        }
    }
}
