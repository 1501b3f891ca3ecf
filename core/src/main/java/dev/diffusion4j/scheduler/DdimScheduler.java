// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.TimestepSpacing;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** The implicit sampler of Song et al. (2020), eq. 12; diffusers' {@code DDIMScheduler}. Deterministic where η = 0. */
public final class DdimScheduler extends VpScheduler {

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
        super(config, unknownKeys);
        config.checkChain(COMMON_SCHEDULES, EPSILON_SAMPLE_V);
        this.config = config;
        this.clipping = new Clipping(
                config.clipSample,
                config.clipSampleRange,
                config.thresholding,
                config.dynamicThresholdingRatio,
                config.sampleMaxValue);
    }

    @Override
    public SchedulerKind kind() {
        return SchedulerKind.DDIM;
    }

    @Override
    public SchedulerRun start(SamplingSettings settings) {
        checkSteps(settings.numInferenceSteps());
        return new Run(settings);
    }

    private final class Run extends SchedulerRun {
        private final SamplingSettings settings;

        Run(SamplingSettings settings) {
            super(config.timestepSpacing.timesteps(
                    config.numTrainTimesteps, settings.numInferenceSteps(), config.stepsOffset));
            this.settings = settings;
        }

        @Override
        public Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
            double alphaBar = schedule().alphasCumprod((int) timestep());
            double[] c = config.predictionType.predOriginalSampleCoefficients(Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar));
            return Combine.sum(c[0], sample, c[1], modelOutput);
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            int t = (int) timestep();
            // the reference goes back by T div N whatever the spacing is
            int previous = t - config.numTrainTimesteps / settings.numInferenceSteps();
            double alphaBar = schedule().alphasCumprod(t);
            double alphaBarPrevious = previous >= 0 || config.setAlphaToOne
                    ? schedule().alphasCumprod(previous)
                    : schedule().alphasCumprod(0);
            double a = Math.sqrt(alphaBar);
            double s = Math.sqrt(1 - alphaBar);

            Tensor raw = predOriginalSample(modelOutput, sample);
            Tensor epsilon = predEpsilon(modelOutput, sample, raw, a, s);
            Tensor predOriginal = clipping.apply(raw);
            if (settings.useClippedModelOutput()) {
                epsilon = Combine.sum(1 / s, sample, -a / s, predOriginal);
            }
            double variance = (1 - alphaBarPrevious) / (1 - alphaBar) * (1 - alphaBar / alphaBarPrevious);
            double std = settings.eta() * Math.sqrt(variance);
            Tensor prevSample = Combine.sum(
                    Math.sqrt(alphaBarPrevious), predOriginal,
                    Math.sqrt(1 - alphaBarPrevious - std * std), epsilon);
            if (settings.eta() > 0) {
                prevSample = prevSample.add(noise.like(modelOutput), new Scalar(std));
            }
            return new StepResult(prevSample, predOriginal);
        }

        private Tensor predEpsilon(Tensor modelOutput, Tensor sample, Tensor predOriginal, double a, double s) {
            return switch (config.predictionType) {
                case EPSILON -> modelOutput;
                case V_PREDICTION -> Combine.sum(a, modelOutput, s, sample);
                default -> Combine.sum(1 / s, sample, -a / s, predOriginal);
            };
        }
    }
}
