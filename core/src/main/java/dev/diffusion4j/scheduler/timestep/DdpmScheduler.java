// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.timestep;

import static org.bytedeco.pytorch.global.torch.exp;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.TimestepSpacing;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.config.VarianceType;
import dev.diffusion4j.scheduler.internal.Clipping;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** The ancestral sampler of Ho et al. (2020), algorithm 2, in any number of steps; diffusers' {@code DDPMScheduler}. */
public final class DdpmScheduler extends VpScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("ddpm", "DDPMScheduler", Chain.BETAS, Config.DEFAULT, DdpmScheduler::new);

    private static final Set<BetaSchedule> SCHEDULES = EnumSet.of(
            BetaSchedule.LINEAR,
            BetaSchedule.SCALED_LINEAR,
            BetaSchedule.SQUAREDCOS_CAP_V2,
            BetaSchedule.LAPLACE,
            BetaSchedule.SIGMOID);
    private static final double SMALLEST_VARIANCE = 1e-20;

    /** diffusers' keys and defaults. Configs of solvers may have no {@code variance_type}: it is then the small one. */
    public record Config(
            int numTrainTimesteps,
            double betaStart,
            double betaEnd,
            BetaSchedule betaSchedule,
            @Nullable List<Double> trainedBetas,
            @Nullable VarianceType varianceType,
            boolean clipSample,
            PredictionType predictionType,
            boolean thresholding,
            double dynamicThresholdingRatio,
            double clipSampleRange,
            double sampleMaxValue,
            TimestepSpacing timestepSpacing,
            int stepsOffset,
            boolean rescaleBetasZeroSnr)
            implements ChainConfig {
        public static final Config DEFAULT = new Config(
                1000,
                1e-4,
                0.02,
                BetaSchedule.LINEAR,
                null,
                VarianceType.FIXED_SMALL,
                true,
                PredictionType.EPSILON,
                false,
                0.995,
                1,
                1,
                TimestepSpacing.LEADING,
                0,
                false);

        public Config {
            Check.notNegative(stepsOffset, "steps_offset");
        }

        private VarianceType variance() {
            return varianceType == null ? VarianceType.FIXED_SMALL : varianceType;
        }
    }

    private final Config config;
    private final Clipping clipping;

    /** With the given settings. */
    public DdpmScheduler(Config config) {
        this(config, Map.of());
    }

    DdpmScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, SCHEDULES, ChainConfig.EPSILON_SAMPLE_V);
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
    public boolean takesOutput(int sampleChannels, int outChannels) {
        return outChannels == (config.variance().isLearned() ? 2 : 1) * sampleChannels;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        int steps = settings.numInferenceSteps();
        checkSteps(steps);
        double[] timesteps = config.timestepSpacing.timesteps(config.numTrainTimesteps, steps, config.stepsOffset);
        return new Run(checkedLevels(timesteps, isBounded(clipping)));
    }

    private final class Run extends VpRun {
        private final double[] timesteps;

        Run(double[] timesteps) {
            super(timesteps);
            this.timesteps = timesteps;
        }

        @Override
        public Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
            return TensorScope.keepResult(
                    () -> super.predOriginalSample(config.variance().mean(modelOutput, sample), sample));
        }

        @Override
        public Tensor clip(Tensor predOriginal) {
            return clipping.apply(predOriginal);
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            int t = (int) timestep();
            int previous = stepIndex() + 1 < timesteps.length ? (int) timesteps[stepIndex() + 1] : -1;
            double alphaBar = schedule().alphasCumprod(t);
            double alphaBarPrevious = schedule().alphasCumprod(previous);
            double alpha = alphaBar / alphaBarPrevious;
            double beta = 1 - alpha;

            Tensor predOriginal = clip(predOriginalSample(modelOutput, sample));
            Tensor mean = Combine.sum(
                    Math.sqrt(alphaBarPrevious) * beta / (1 - alphaBar), predOriginal,
                    Math.sqrt(alpha) * (1 - alphaBarPrevious) / (1 - alphaBar), sample);
            if (t == 0) {
                return new StepResult(mean, predOriginal);
            }
            double small = Math.max(schedule().posteriorVariance(t, previous), SMALLEST_VARIANCE);
            Tensor epsilon = noise.like(sample);
            long channels = sample.size(1);
            Tensor predictedVariance =
                    config.variance().isIn(modelOutput, sample) ? modelOutput.narrow(1, channels, channels) : null;
            return new StepResult(mean.add(spread(epsilon, small, beta, predictedVariance)), predOriginal);
        }

        /** The noise with this step's standard deviation. */
        private Tensor spread(Tensor epsilon, double small, double large, @Nullable Tensor predicted) {
            return switch (config.variance()) {
                case FIXED_SMALL, FIXED_SMALL_LOG -> epsilon.mul(new Scalar(Math.sqrt(small)));
                case FIXED_LARGE -> epsilon.mul(new Scalar(Math.sqrt(large)));
                // the reference takes the root of a log-variance, which is not a number; the log of the large one was
                // meant
                case FIXED_LARGE_LOG -> epsilon.mul(new Scalar(Math.sqrt(large)));
                case LEARNED ->
                    epsilon.mul(Check.given(predicted, "a model output with a predicted variance")
                            .clamp_min(new Scalar(0.0))
                            .sqrt());
                case LEARNED_RANGE -> {
                    Tensor fraction = Check.given(predicted, "a model output with a predicted variance")
                            .add(new Scalar(1.0))
                            .div(new Scalar(2.0));
                    double low = Math.log(small);
                    double high = Math.log(Math.max(large, SMALLEST_VARIANCE));
                    Tensor logVariance = fraction.mul(new Scalar(high - low)).add(new Scalar(low));
                    yield epsilon.mul(exp(logVariance.mul(new Scalar(0.5))));
                }
            };
        }
    }
}
