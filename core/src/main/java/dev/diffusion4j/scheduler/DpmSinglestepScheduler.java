// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaSpacing;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.schedule.TimeShift;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * DPM-Solver and DPM-Solver++ of Lu et al. (2022) in their first form: steps of order 1, 2, 3 follow each other, each from the
 * same sample over the levels between; diffusers' {@code DPMSolverSinglestepScheduler}.
 */
public final class DpmSinglestepScheduler extends DpmSolverScheduler {

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
            DdpmScheduler.@Nullable VarianceType varianceType,
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
        super(config, unknownKeys);
        this.config = config;
    }

    @Override
    public SchedulerKind kind() {
        return SchedulerKind.DPM_SINGLESTEP;
    }

    @Override
    boolean rounds(SigmaSpacing spacing) {
        return spacing == SigmaSpacing.KARRAS;
    }

    @Override
    public SchedulerRun start(SamplingSettings settings) {
        SigmaTable table = table(settings, config.sigmaSpacing());
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

    private final class Run extends DpmRun {
        private final int[] orders;
        private final TensorHistory start = new TensorHistory(1);

        Run(SigmaTable table, int[] orders) {
            super(table);
            this.orders = orders;
        }

        private ExponentialStep step() {
            int from = stepIndex() + 1 - orders[stepIndex()];
            return ExponentialStep.of(config.algorithmType, levels, from, stepIndex() + 1);
        }

        @Override
        Tensor solve(Tensor sample) {
            int order = orders[stepIndex()];
            if (order == 1) {
                start.add(sample);
            }
            double[] weights =
                    DpmWeights.singlestep(step(), levels, stepIndex(), order, config.solverType == SolverType.HEUN);
            return combine(step().sampleWeight(), start.get(0), weights);
        }

        @Override
        double noiseWeight() {
            return step().noiseWeight();
        }

        @Override
        public void close() {
            super.close();
            start.close();
        }
    }
}
