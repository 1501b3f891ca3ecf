// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.TimestepSpacing;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    public SchedulerKind kind() {
        return SchedulerKind.DDIM;
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
    public SchedulerRun start(SamplingSettings settings) {
        checkSteps(settings.numInferenceSteps());
        return new Run(settings);
    }

    private final class Run extends VpRun {
        private final SamplingSettings settings;

        Run(SamplingSettings settings) {
            super(config.timestepSpacing.timesteps(
                    config.numTrainTimesteps, settings.numInferenceSteps(), config.stepsOffset));
            this.settings = settings;
        }

        @Override
        public Tensor clip(Tensor predOriginal) {
            return clipping.apply(predOriginal);
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            int t = (int) timestep();
            // the reference goes back by T div N whatever the spacing is
            int back = t - config.numTrainTimesteps / settings.numInferenceSteps();
            int previous = config.setAlphaToOne ? back : Math.max(back, 0);
            double alphaBarPrevious = schedule().alphasCumprod(previous);
            double a = signalRate(t);
            double s = noiseRate(t);

            Tensor predOriginal = clip(predOriginalSample(modelOutput, sample));
            Tensor epsilon = settings.options().useClippedModelOutput()
                    ? Combine.difference(sample, Combine.scale(a, predOriginal), s)
                    : Combine.predEpsilon(config.predictionType, a, s, modelOutput, sample);
            double std = settings.eta() * Math.sqrt(schedule().posteriorVariance(t, previous));
            Tensor prevSample = Combine.sum(
                    Math.sqrt(alphaBarPrevious), predOriginal,
                    Math.sqrt(1 - alphaBarPrevious - std * std), epsilon);
            if (settings.eta() > 0) {
                prevSample = prevSample.add(noise.like(modelOutput), new Scalar(std));
            }
            return new StepResult(prevSample, predOriginal);
        }
    }
}
