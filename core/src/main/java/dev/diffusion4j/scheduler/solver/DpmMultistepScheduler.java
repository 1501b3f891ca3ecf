// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.solver;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaSpacing;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.schedule.TimeShift;
import dev.diffusion4j.schedule.TimestepSpacing;
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
import dev.diffusion4j.tensor.NoiseSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * DPM-Solver and DPM-Solver++ with the outputs of earlier steps, of order 1 to 3, with and without noise: Lu et al. (2022),
 * DPM-Solver++, algorithm 2 and appendix B; diffusers' {@code DPMSolverMultistepScheduler}. The algorithm is {@link Run#advance};
 * its numbers are in {@link ExponentialStep} (the exact part) and {@link DpmWeights} (what each output counts), its levels in
 * {@link SolverChain}.
 */
public final class DpmMultistepScheduler extends SolverScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM = Algorithm.of(
            "dpm-multistep", "DPMSolverMultistepScheduler", Chain.BETAS, Config.DEFAULT, DpmMultistepScheduler::new);

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
            @Nullable VarianceType varianceType,
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
        SigmaSpacing spacing = config.sigmaSpacing();
        boolean rounds = (spacing == SigmaSpacing.KARRAS || spacing == SigmaSpacing.LU)
                && config.betaSchedule != BetaSchedule.SQUAREDCOS_CAP_V2;
        return new Run(DpmLevels.of(config, this, settings, rounds ? Math::rint : Math::floor));
    }

    private final class Run extends SolverRun {
        Run(SigmaTable table) {
            super(config, clipping, table);
        }

        /** From level i to level i + 1. */
        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            int i = stepIndex();
            // D₀ is this call's x̂₀ (DPM-Solver++) or ε̂ (DPM-Solver); the outputs of the steps before give its slopes
            // in λ
            Tensor predOriginal = remember(config.algorithmType, modelOutput, sample);
            int order = multistepOrder(config.eulerAtFinal || config.finalSigmasType == FinalSigmasType.ZERO);
            // the linear part is solved exactly: (σ_{i+1}/σ_i)·x_i for x̂₀, (α_{i+1}/α_i)·x_i for ε̂
            ExponentialStep step = ExponentialStep.of(config.algorithmType, levels, i, i + 1);
            // the integral of D₀ + D₁·s + D₂·s²/2 with slopes from finite differences
            double[] weights = DpmWeights.multistep(step, levels, i, order, config.solverType == SolverType.HEUN);
            Tensor prevSample = combine(step.sampleWeight(), sample, weights);
            return new StepResult(addFresh(step, prevSample, noise.inFull()), predOriginal);
        }
    }
}
