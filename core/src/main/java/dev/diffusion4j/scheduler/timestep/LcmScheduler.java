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
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.internal.Clipping;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Multistep consistency sampling: Luo et al. (2023), algorithm 3: jump to x̂₀, add noise of the next level, again; diffusers'
 * {@code LCMScheduler}. A step's {@code predOriginalSample} is what diffusers calls {@code denoised}.
 */
public final class LcmScheduler extends VpScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("lcm", "LCMScheduler", Chain.BETAS, Config.DEFAULT, LcmScheduler::new);

    private static final double SIGMA_DATA = 0.5;

    /**
     * diffusers' keys and defaults. {@code steps_offset}, {@code timestep_spacing} and {@code set_alpha_to_one} decide nothing
     * here, in diffusers neither.
     */
    public record Config(
            int numTrainTimesteps,
            double betaStart,
            double betaEnd,
            BetaSchedule betaSchedule,
            @Nullable List<Double> trainedBetas,
            int originalInferenceSteps,
            boolean clipSample,
            double clipSampleRange,
            boolean setAlphaToOne,
            int stepsOffset,
            PredictionType predictionType,
            boolean thresholding,
            double dynamicThresholdingRatio,
            double sampleMaxValue,
            TimestepSpacing timestepSpacing,
            double timestepScaling,
            boolean rescaleBetasZeroSnr)
            implements ChainConfig {
        public static final Config DEFAULT = new Config(
                1000,
                0.00085,
                0.012,
                BetaSchedule.SCALED_LINEAR,
                null,
                50,
                false,
                1,
                true,
                0,
                PredictionType.EPSILON,
                false,
                0.995,
                1,
                TimestepSpacing.LEADING,
                10,
                false);

        public Config {
            Check.inRange(originalInferenceSteps, 1, numTrainTimesteps, "original_inference_steps");
            Check.finite(timestepScaling, "timestep_scaling");
        }
    }

    private final Config config;
    private final Clipping clipping;

    /** With the given settings. */
    public LcmScheduler(Config config) {
        this(config, Map.of());
    }

    LcmScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
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
    protected SchedulerRun newRun(SamplingSettings settings) {
        int steps = settings.numInferenceSteps();
        int original = (int) (config.originalInferenceSteps * settings.strength());
        Check.that(
                steps <= original,
                "{steps} must be at most " + original
                        + ", as many as the model was distilled for (original_inference_steps "
                        + config.originalInferenceSteps + ")" + share(settings) + ", but was " + steps);
        int stride = config.numTrainTimesteps / config.originalInferenceSteps;
        double[] timesteps = new double[steps];
        for (int i = 0; i < steps; i++) {
            int skipped = (int) Math.floor(i * ((double) original / steps));
            timesteps[i] = (double) (original - skipped) * stride - 1;
        }
        return new Run(checkedLevels(timesteps, isBounded(clipping)));
    }

    private static String share(SamplingSettings settings) {
        return settings.strength() == 1 ? "" : " times {strength} " + settings.strength();
    }

    private final class Run extends VpRun {
        private final double[] timesteps;

        Run(double[] timesteps) {
            super(timesteps);
            this.timesteps = timesteps;
        }

        @Override
        public Tensor clip(Tensor predOriginal) {
            return clipping.apply(predOriginal);
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            double scaled = timestep() * config.timestepScaling;
            double variance = SIGMA_DATA * SIGMA_DATA;
            double skip = variance / (scaled * scaled + variance);
            double out = scaled / Math.sqrt(scaled * scaled + variance);
            Tensor predOriginal = clip(predOriginalSample(modelOutput, sample));
            Tensor denoised = Combine.sum(out, predOriginal, skip, sample);
            if (stepIndex() + 1 == timesteps.length) {
                return new StepResult(denoised, denoised);
            }
            double next = timesteps[stepIndex() + 1];
            double noiseRate = LcmScheduler.this.noiseRate(next);
            Tensor prevSample = Combine.scale(LcmScheduler.this.signalRate(next), denoised)
                    .add(noise.like(sample), new Scalar(noiseRate));
            return new StepResult(prevSample, denoised);
        }
    }
}
