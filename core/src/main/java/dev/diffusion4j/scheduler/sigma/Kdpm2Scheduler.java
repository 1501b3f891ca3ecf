// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.sigma;

import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaSchedule;
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
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The midpoint method in σ, as in k-diffusion's {@code sample_dpm_2}: the slope in the middle (of ln σ) of a step decides; Karras
 * et al. (2022), algorithm 2 with another second call; diffusers' {@code KDPM2DiscreteScheduler}.
 */
public final class Kdpm2Scheduler extends SigmaScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("kdpm2", "KDPM2DiscreteScheduler", Chain.BETAS, Config.DEFAULT, Kdpm2Scheduler::new);

    /** diffusers' keys and defaults, also of {@link Kdpm2AncestralScheduler}. */
    public record Config(
            int numTrainTimesteps,
            double betaStart,
            double betaEnd,
            BetaSchedule betaSchedule,
            @Nullable List<Double> trainedBetas,
            boolean useKarrasSigmas,
            boolean useExponentialSigmas,
            boolean useBetaSigmas,
            PredictionType predictionType,
            TimestepSpacing timestepSpacing,
            int stepsOffset)
            implements SigmaConfig {
        public static final Config DEFAULT = new Config(
                1000,
                0.00085,
                0.012,
                BetaSchedule.LINEAR,
                null,
                false,
                false,
                false,
                PredictionType.EPSILON,
                TimestepSpacing.LINSPACE,
                0);

        /** How timesteps that follow from levels are rounded. */
        DoubleUnaryOperator rounding() {
            return useKarrasSigmas ? Math::rint : DoubleUnaryOperator.identity();
        }
    }

    private final Config config;

    /** With the given settings. */
    public Kdpm2Scheduler(Config config) {
        this(config, Map.of());
    }

    Kdpm2Scheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, ChainConfig.COMMON_SCHEDULES, ChainConfig.EPSILON_V);
        this.config = config;
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
        SigmaTable table = table(settings.numInferenceSteps(), 0, config.rounding());
        double[] middles = new double[table.size() - 1];
        for (int i = 0; i < middles.length; i++) {
            middles[i] = middle(table.sigma(i + 1), table.sigma(i));
        }
        return new Run(table, middles, trained());
    }

    /** The geometric mean, the middle of ln σ; in f32 as the reference has it. */
    static double middle(double from, double to) {
        float start = (float) Math.log(from);
        float end = (float) Math.log(to);
        return (float) Math.exp(end - (end - start) * 0.5f);
    }

    private final class Run extends TwoCallRun {
        private final SigmaTable table;

        Run(SigmaTable table, double[] middles, SigmaSchedule trained) {
            super(
                    config.predictionType,
                    Clipping.NONE,
                    interleave(table.timesteps(), trained.timestepsOf(middles)),
                    interleave(table.levels(), middles),
                    0,
                    Kdpm2Scheduler.this.initNoiseSigma(table));
            this.table = table;
        }

        @Override
        Tensor finish(int i, Tensor sample, Tensor first, Tensor second, NoiseSource noise) {
            return Combine.sum(1, sample, table.sigma(i + 1) - table.sigma(i), second);
        }
    }
}
