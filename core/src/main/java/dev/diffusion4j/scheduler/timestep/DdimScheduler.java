// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.timestep;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.TimestepSpacing;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepOptions;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.internal.Clipping;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.scheduler.internal.FreshNoise;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** The implicit sampler of Song et al. (2020), eq. 12; diffusers' {@code DDIMScheduler}. Deterministic where η = 0. */
public final class DdimScheduler extends VpScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("ddim", "DDIMScheduler", Chain.BETAS, Config.DEFAULT, DdimScheduler::new);

    /** diffusers' keys and defaults. */
    public record Config(
            int numTrainTimesteps,
            double betaStart,
            double betaEnd,
            BetaSchedule betaSchedule,
            @Nullable List<Double> trainedBetas,
            boolean clipSample,
            boolean setAlphaToOne,
            int stepsOffset,
            PredictionType predictionType,
            boolean thresholding,
            double dynamicThresholdingRatio,
            double clipSampleRange,
            double sampleMaxValue,
            TimestepSpacing timestepSpacing,
            boolean rescaleBetasZeroSnr)
            implements ChainConfig {
        public static final Config DEFAULT = new Config(
                1000,
                1e-4,
                0.02,
                BetaSchedule.LINEAR,
                null,
                true,
                true,
                0,
                PredictionType.EPSILON,
                false,
                0.995,
                1,
                1,
                TimestepSpacing.LEADING,
                false);

        public Config {
            Check.notNegative(stepsOffset, "steps_offset");
        }
    }

    private final Config config;
    private final Clipping clipping;

    /** With the given settings. */
    public DdimScheduler(Config config) {
        this(config, Map.of());
    }

    DdimScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, ChainConfig.COMMON_SCHEDULES, ChainConfig.EPSILON_SAMPLE_V);
        this.config = config;
        this.clipping = new Clipping(
                config.clipSample,
                config.clipSampleRange,
                config.thresholding,
                config.dynamicThresholdingRatio,
                config.sampleMaxValue);
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    public Set<String> stepOptions() {
        return Set.of(StepOptions.USE_CLIPPED_MODEL_OUTPUT);
    }

    @Override
    public boolean takesEta() {
        return true;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        int steps = settings.numInferenceSteps();
        checkSteps(steps);
        double[] timesteps = config.timestepSpacing.timesteps(config.numTrainTimesteps, steps, config.stepsOffset);
        checkedLevels(timesteps, isBounded(clipping));
        // the reference goes back by T div N whatever the spacing is
        int back = config.numTrainTimesteps / steps;
        double mostEta = Double.POSITIVE_INFINITY;
        for (double timestep : timesteps) {
            int previous = previous((int) timestep, back);
            mostEta = Math.min(
                    mostEta,
                    FreshNoise.mostEta(
                            1 - schedule().alphasCumprod(previous),
                            schedule().posteriorVariance((int) timestep, previous)));
        }
        FreshNoise.checkEta(settings.eta(), mostEta, steps);
        return new Run(timesteps, back, settings);
    }

    /** The timestep that a step leads to; −1 for the clean end. */
    private int previous(int timestep, int back) {
        return config.setAlphaToOne ? timestep - back : Math.max(timestep - back, 0);
    }

    private final class Run extends VpRun {
        private final int back;
        private final SamplingSettings settings;

        Run(double[] timesteps, int back, SamplingSettings settings) {
            super(timesteps);
            this.back = back;
            this.settings = settings;
        }

        @Override
        public Tensor clip(Tensor predOriginal) {
            return clipping.apply(predOriginal);
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            int t = (int) timestep();
            int previous = previous(t, back);
            double alphaBarPrevious = schedule().alphasCumprod(previous);
            double a = signalRate();
            double s = noiseRate();

            Tensor predOriginal = clip(predOriginalSample(modelOutput, sample));
            Tensor epsilon = settings.options().useClippedModelOutput()
                    ? Combine.difference(sample, Combine.scale(a, predOriginal), s)
                    : Combine.predEpsilon(config.predictionType, a, s, modelOutput, sample);
            double std = settings.eta() * Math.sqrt(schedule().posteriorVariance(t, previous));
            Tensor prevSample = Combine.sum(
                    Math.sqrt(alphaBarPrevious), predOriginal,
                    FreshNoise.kept(1 - alphaBarPrevious, std * std), epsilon);
            if (settings.eta() > 0) {
                prevSample = prevSample.add(noise.like(modelOutput), new Scalar(std));
            }
            return new StepResult(prevSample, predOriginal);
        }
    }
}
