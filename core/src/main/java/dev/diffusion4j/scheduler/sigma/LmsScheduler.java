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
import dev.diffusion4j.scheduler.internal.LagrangeBasis;
import dev.diffusion4j.scheduler.internal.TensorHistory;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Linear multistep in σ, of order 4 (Adams–Bashforth with uneven steps), as in k-diffusion; diffusers'
 * {@code LMSDiscreteScheduler}. The weights are exact integrals, where the reference integrates numerically.
 */
public final class LmsScheduler extends SigmaScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("lms", "LMSDiscreteScheduler", Chain.BETAS, Config.DEFAULT, LmsScheduler::new);

    private static final int ORDER = 4;

    /** diffusers' keys and defaults. */
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
                1e-4,
                0.02,
                BetaSchedule.LINEAR,
                null,
                false,
                false,
                false,
                PredictionType.EPSILON,
                TimestepSpacing.LINSPACE,
                0);
    }

    private final Config config;

    /** With the given settings. */
    public LmsScheduler(Config config) {
        this(config, Map.of());
    }

    LmsScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, ChainConfig.COMMON_SCHEDULES, ChainConfig.EPSILON_SAMPLE_V);
        this.config = config;
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    /** The reference uses kept ends for exponential and beta sigmas only. */
    @Override
    @Nullable
    Double sigmaMin() {
        return config.useKarrasSigmas ? null : super.sigmaMin();
    }

    @Override
    @Nullable
    Double sigmaMax() {
        return config.useKarrasSigmas ? null : super.sigmaMax();
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        return new Run(table(settings.numInferenceSteps(), 0, DoubleUnaryOperator.identity()));
    }

    private final class Run extends SigmaRun {
        private final SigmaTable table;
        private final TensorHistory derivatives = new TensorHistory(ORDER);

        Run(SigmaTable table) {
            super(config.predictionType, table.timesteps(), table.levels(), LmsScheduler.this.initNoiseSigma(table));
            this.table = table;
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            Tensor predOriginal = predOriginalSample(modelOutput, sample);
            derivatives.add(derivative(sample, predOriginal, sigma()));
            // a run that begins later has fewer derivatives than weights, and leaves the last weights out, as the
            // reference
            double[] nodes = new double[Math.min(stepIndex() + 1, ORDER)];
            for (int age = 0; age < nodes.length; age++) {
                nodes[age] = table.sigma(stepIndex() - age);
            }
            double[] all = LagrangeBasis.integrals(nodes, table.sigma(stepIndex() + 1));
            double[] weights = Arrays.copyOf(all, derivatives.size());
            return new StepResult(sample.add(Combine.sum(weights, derivatives.all())), predOriginal);
        }

        @Override
        public void close() {
            derivatives.close();
        }
    }
}
