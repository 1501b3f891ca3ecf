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
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.config.SigmaConfig;
import dev.diffusion4j.scheduler.internal.Clipping;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Heun's method in σ: Karras et al. (2022), algorithm 1: the mean of the slopes at both ends of a step; diffusers'
 * {@code HeunDiscreteScheduler}.
 */
public final class HeunScheduler extends SigmaScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("heun", "HeunDiscreteScheduler", Chain.BETAS, Config.DEFAULT, HeunScheduler::new);

    private static final Set<BetaSchedule> SCHEDULES = EnumSet.of(
            BetaSchedule.LINEAR, BetaSchedule.SCALED_LINEAR, BetaSchedule.SQUAREDCOS_CAP_V2, BetaSchedule.EXP);

    /** diffusers' keys and defaults. */
    public record Config(
            int numTrainTimesteps,
            double betaStart,
            double betaEnd,
            BetaSchedule betaSchedule,
            @Nullable List<Double> trainedBetas,
            PredictionType predictionType,
            boolean useKarrasSigmas,
            boolean useExponentialSigmas,
            boolean useBetaSigmas,
            boolean clipSample,
            double clipSampleRange,
            TimestepSpacing timestepSpacing,
            int stepsOffset)
            implements SigmaConfig {
        public static final Config DEFAULT = new Config(
                1000,
                0.00085,
                0.012,
                BetaSchedule.LINEAR,
                null,
                PredictionType.EPSILON,
                false,
                false,
                false,
                false,
                1,
                TimestepSpacing.LINSPACE,
                0);
    }

    private final Config config;
    private final Clipping clipping;

    /** With the given settings. */
    public HeunScheduler(Config config) {
        this(config, Map.of());
    }

    HeunScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, SCHEDULES, ChainConfig.EPSILON_SAMPLE_V);
        this.config = config;
        this.clipping = Clipping.range(config.clipSample, config.clipSampleRange);
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    public int order() {
        return 2;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        return new Run(table(settings.numInferenceSteps(), 0, DoubleUnaryOperator.identity()));
    }

    private final class Run extends TwoCallRun {
        private final SigmaTable table;

        Run(SigmaTable table) {
            super(
                    config.predictionType,
                    clipping,
                    twice(table.timesteps()),
                    twice(table.levels()),
                    0,
                    HeunScheduler.this.initNoiseSigma(table));
            this.table = table;
        }

        @Override
        Tensor finish(int i, Tensor sample, Tensor first, Tensor second, NoiseSource noise) {
            Tensor mean = Combine.scale(0.5, first.add(second));
            return Combine.sum(1, sample, table.sigma(i + 1) - table.sigma(i), mean);
        }
    }

    /** All but the first twice: a step's second call is at the level where the next step starts. */
    private static double[] twice(double[] values) {
        return TwoCallRun.interleave(values, Arrays.copyOfRange(values, 1, values.length));
    }
}
