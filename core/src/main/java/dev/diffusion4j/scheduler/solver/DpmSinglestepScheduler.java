// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.solver;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaSpacing;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.schedule.TimeShift;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.config.AlgorithmType;
import dev.diffusion4j.scheduler.config.DpmConfig;
import dev.diffusion4j.scheduler.config.FinalSigmasType;
import dev.diffusion4j.scheduler.config.SolverType;
import dev.diffusion4j.scheduler.config.VarianceType;
import dev.diffusion4j.scheduler.internal.DpmWeights;
import dev.diffusion4j.scheduler.internal.ExponentialStep;
import dev.diffusion4j.scheduler.internal.TensorHistory;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * DPM-Solver and DPM-Solver++ of Lu et al. (2022) in their first form: steps of order 1, 2, 3 follow each other, each from the
 * same sample over the levels between; diffusers' {@code DPMSolverSinglestepScheduler}.
 */
public final class DpmSinglestepScheduler extends SolverScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM = Algorithm.of(
            "dpm-singlestep", "DPMSolverSinglestepScheduler", Chain.BETAS, Config.DEFAULT, DpmSinglestepScheduler::new);

    /** diffusers' keys and defaults. */
    public record Config(
            int numTrainTimesteps,
            double betaStart,
            double betaEnd,
            BetaSchedule betaSchedule,
            @Nullable List<Double> trainedBetas,
            int solverOrder,
            PredictionType predictionType,
            boolean thresholding,
            double dynamicThresholdingRatio,
            double sampleMaxValue,
            AlgorithmType algorithmType,
            SolverType solverType,
            boolean lowerOrderFinal,
            boolean useKarrasSigmas,
            boolean useExponentialSigmas,
            boolean useBetaSigmas,
            boolean useFlowSigmas,
            double flowShift,
            FinalSigmasType finalSigmasType,
            double lambdaMinClipped,
            @Nullable VarianceType varianceType,
            boolean useDynamicShifting,
            TimeShift timeShiftType)
            implements DpmConfig {
        public static final Config DEFAULT = new Config(
                1000,
                1e-4,
                0.02,
                BetaSchedule.LINEAR,
                null,
                2,
                PredictionType.EPSILON,
                false,
                0.995,
                1,
                AlgorithmType.DPMSOLVER_PLUS_PLUS,
                SolverType.MIDPOINT,
                false,
                false,
                false,
                false,
                false,
                1,
                FinalSigmasType.ZERO,
                Double.NEGATIVE_INFINITY,
                null,
                false,
                TimeShift.EXPONENTIAL);

        public Config {
            algorithmType = DpmConfig.adopt(algorithmType);
            solverType = DpmConfig.adopt(solverType);
            Check.that(
                    algorithmType != AlgorithmType.SDE_DPMSOLVER,
                    "algorithm_type 'sde-dpmsolver' is not known to this scheduler; choose 'sde-dpmsolver++'");
        }
    }

    private final Config config;

    /** With the given settings. */
    public DpmSinglestepScheduler(Config config) {
        this(config, Map.of());
    }

    DpmSinglestepScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, EnumSet.of(SigmaSpacing.TIMESTEPS));
        config.checkDpm();
        this.config = config;
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        boolean rounds = config.sigmaSpacing() == SigmaSpacing.KARRAS;
        SigmaTable table = DpmLevels.of(config, this, settings, rounds ? Math::rint : Math::floor);
        return new Run(table, orders(table.size()));
    }

    /**
     * The order of each call: 1, 2, …, n again and again. The last step is of lower order where asked for, where the calls do not
     * come out even, and where the run ends at noise level zero, which higher orders cannot reach.
     */
    int[] orders(int calls) {
        int most = config.solverOrder;
        boolean zero = config.finalSigmasType == FinalSigmasType.ZERO;
        boolean lowerFinal = config.lowerOrderFinal || zero || calls % most != 0;
        int[] orders = new int[calls];
        for (int i = 0; i < calls; i++) {
            orders[i] = i % most + 1;
        }
        if (lowerFinal && most > 1 && calls % most == 0) {
            orders[calls - 1] = 1;
        }
        if (zero) {
            orders[calls - 1] = 1;
        }
        return orders;
    }

    private final class Run extends SolverRun {
        private final int[] orders;
        private final TensorHistory start = new TensorHistory(1);

        Run(SigmaTable table, int[] orders) {
            super(config, clipping, table);
            this.orders = orders;
        }

        /** From the level where the last step of order 1 began, over those between, to level i + 1. */
        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            int i = stepIndex();
            Tensor predOriginal = remember(config.algorithmType, modelOutput, sample);
            int order = Math.min(orders[i], outputs.size()); // fewer where the run began with a later step
            if (order == 1) {
                start.add(sample);
            }
            ExponentialStep step = ExponentialStep.of(config.algorithmType, levels, i + 1 - order, i + 1);
            double[] weights = DpmWeights.singlestep(step, levels, i, order, config.solverType == SolverType.HEUN);
            Tensor prevSample = combine(step.sampleWeight(), start.get(0), weights);
            return new StepResult(addFresh(step, prevSample, noise), predOriginal);
        }

        @Override
        public void close() {
            super.close();
            start.close();
        }
    }
}
