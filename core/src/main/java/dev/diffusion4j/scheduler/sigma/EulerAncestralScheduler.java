// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.sigma;

import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.schedule.TimestepSpacing;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.config.SigmaConfig;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Euler's method in σ that goes lower than the next level and comes back with fresh noise, as in k-diffusion; diffusers'
 * {@code EulerAncestralDiscreteScheduler}.
 */
public final class EulerAncestralScheduler extends SigmaScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM = Algorithm.of(
            "euler-ancestral",
            "EulerAncestralDiscreteScheduler",
            Chain.BETAS,
            Config.DEFAULT,
            EulerAncestralScheduler::new);

    /** diffusers' keys and defaults. */
    public record Config(
            int numTrainTimesteps,
            double betaStart,
            double betaEnd,
            BetaSchedule betaSchedule,
            @Nullable List<Double> trainedBetas,
            PredictionType predictionType,
            TimestepSpacing timestepSpacing,
            int stepsOffset,
            boolean rescaleBetasZeroSnr)
            implements SigmaConfig {
        public static final Config DEFAULT = new Config(
                1000,
                1e-4,
                0.02,
                BetaSchedule.LINEAR,
                null,
                PredictionType.EPSILON,
                TimestepSpacing.LINSPACE,
                0,
                false);
    }

    private final Config config;

    /** With the given settings. */
    public EulerAncestralScheduler(Config config) {
        this(config, Map.of());
    }

    EulerAncestralScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, ChainConfig.COMMON_SCHEDULES, ChainConfig.EPSILON_V);
        this.config = config;
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        return new Run(table(settings.numInferenceSteps(), 0, DoubleUnaryOperator.identity()));
    }

    /** The part of a step that is fresh noise, √(to²·(from² − to²)/from²): its variance and the rest's add up to to². */
    static double sigmaUp(double from, double to) {
        float high = (float) from;
        float low = (float) to;
        return (float) Math.sqrt(low * low * (high * high - low * low) / (high * high));
    }

    /**
     * The part of a step that is gone by the equation, √(to² − up²) = to²/from. In f32 as in the reference, where little is left of
     * the difference after a large step; that little is what decides there. Below zero the reference fails; here it is exact.
     */
    static double sigmaDown(double from, double to) {
        float low = (float) to;
        float up = (float) sigmaUp(from, to);
        float rest = low * low - up * up;
        return rest < 0 ? to * to / from : (float) Math.sqrt(rest);
    }

    private final class Run extends SigmaRun {
        private final SigmaTable table;

        Run(SigmaTable table) {
            super(
                    config.predictionType,
                    table.timesteps(),
                    table.levels(),
                    EulerAncestralScheduler.this.initNoiseSigma(table));
            this.table = table;
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            double next = table.sigma(stepIndex() + 1);
            Tensor predOriginal = predOriginalSample(modelOutput, sample);
            Tensor derivative = derivative(sample, predOriginal, sigma());
            double down = sigmaDown(sigma(), next) - sigma();
            // noise is drawn at the last step too, where its share is 0, as the reference does
            Tensor prevSample = Combine.sum(1, sample, down, derivative, sigmaUp(sigma(), next), noise.like(sample));
            return new StepResult(prevSample, predOriginal);
        }
    }
}
