// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.timestep;

import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.internal.Clipping;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.NoiseSource;
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
            Algorithm.of("lcm", "LCMScheduler", Chain.BETAS, ConsistencyConfig.DEFAULT, LcmScheduler::new);

    private static final double SIGMA_DATA = 0.5;

    private final ConsistencyConfig config;
    private final Clipping clipping;

    /** With the given settings. */
    public LcmScheduler(ConsistencyConfig config) {
        this(config, Map.of());
    }

    LcmScheduler(ConsistencyConfig config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, ChainConfig.COMMON_SCHEDULES, ChainConfig.EPSILON_SAMPLE_V);
        this.config = config;
        this.clipping = new Clipping(
                config.clipSample(),
                config.clipSampleRange(),
                config.thresholding(),
                config.dynamicThresholdingRatio(),
                config.sampleMaxValue());
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        return new Run(checkedLevels(config.timesteps(settings), isBounded(clipping)));
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
            double scaled = timestep() * config.timestepScaling();
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
