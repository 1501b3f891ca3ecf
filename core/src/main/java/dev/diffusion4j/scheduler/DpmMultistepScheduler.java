// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaSpacing;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.schedule.TimeShift;
import dev.diffusion4j.schedule.TimestepSpacing;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * DPM-Solver and DPM-Solver++ of Lu et al. (2022), with and without noise, of order 1 to 3 with the outputs of earlier steps;
 * diffusers' {@code DPMSolverMultistepScheduler}.
 */
public final class DpmMultistepScheduler extends DpmSolverScheduler {

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
            boolean eulerAtFinal,
            boolean useKarrasSigmas,
            boolean useExponentialSigmas,
            boolean useBetaSigmas,
            boolean useLuLambdas,
            boolean useFlowSigmas,
            double flowShift,
            FinalSigmasType finalSigmasType,
            double lambdaMinClipped,
            DdpmScheduler.@Nullable VarianceType varianceType,
            TimestepSpacing timestepSpacing,
            int stepsOffset,
            boolean rescaleBetasZeroSnr,
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
                true,
                false,
                false,
                false,
                false,
                false,
                false,
                1,
                FinalSigmasType.ZERO,
                Double.NEGATIVE_INFINITY,
                null,
                TimestepSpacing.LINSPACE,
                0,
                false,
                false,
                TimeShift.EXPONENTIAL);

        public Config {
            algorithmType = DpmConfig.adopt(algorithmType);
            solverType = DpmConfig.adopt(solverType);
            Check.that(
                    algorithmType != AlgorithmType.SDE_DPMSOLVER || solverOrder < 3,
                    "algorithm_type 'sde-dpmsolver' has no solver_order 3; choose 1 or 2");
        }

        /** Karras sigmas come before Lu's where both are on, as in the reference. */
        @Override
        public SigmaSpacing sigmaSpacing() {
            SigmaSpacing spacing = DpmConfig.super.sigmaSpacing();
            return useLuLambdas && spacing != SigmaSpacing.KARRAS ? SigmaSpacing.LU : spacing;
        }
    }

    private final Config config;

    /** With the given settings. */
    public DpmMultistepScheduler(Config config) {
        this(config, Map.of());
    }

    DpmMultistepScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys);
        this.config = config;
    }

    @Override
    public SchedulerKind kind() {
        return SchedulerKind.DPM_MULTISTEP;
    }

    @Override
    boolean rounds(SigmaSpacing spacing) {
        return (spacing == SigmaSpacing.KARRAS || spacing == SigmaSpacing.LU)
                && config.betaSchedule != BetaSchedule.SQUAREDCOS_CAP_V2;
    }

    @Override
    public SchedulerRun start(SamplingSettings settings) {
        return new Run(table(settings, config.sigmaSpacing()));
    }

    private final class Run extends DpmRun {
        Run(SigmaTable table) {
            super(table);
        }

        private ExponentialStep step() {
            return ExponentialStep.of(config.algorithmType, levels, stepIndex(), stepIndex() + 1);
        }

        @Override
        Tensor solve(Tensor sample) {
            boolean euler = config.eulerAtFinal || config.finalSigmasType == FinalSigmasType.ZERO;
            double[] weights = DpmWeights.multistep(
                    step(), levels, stepIndex(), multistepOrder(euler), config.solverType == SolverType.HEUN);
            return combine(step().sampleWeight(), sample, weights);
        }

        @Override
        double noiseWeight() {
            return step().noiseWeight();
        }
    }
}
