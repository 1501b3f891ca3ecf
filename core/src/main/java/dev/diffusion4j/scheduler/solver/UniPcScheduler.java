// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.solver;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.DynamicShift;
import dev.diffusion4j.schedule.FlowSigmas;
import dev.diffusion4j.schedule.Linspace;
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
import dev.diffusion4j.scheduler.config.FinalSigmasType;
import dev.diffusion4j.scheduler.config.SolverConfig;
import dev.diffusion4j.scheduler.config.SolverType;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.scheduler.internal.ExponentialStep;
import dev.diffusion4j.scheduler.internal.TensorHistory;
import dev.diffusion4j.scheduler.internal.UniPcWeights;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A predictor, and a corrector that improves each step with the output at its end, at no further call of the network: Zhao et al.
 * (2023), algorithms 1 and 2; diffusers' {@code UniPCMultistepScheduler}.
 */
public final class UniPcScheduler extends SolverScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("unipc", "UniPCMultistepScheduler", Chain.BETAS, Config.DEFAULT, UniPcScheduler::new);

    private static final double LARGEST_FLOW_SIGMA = 1 - 1e-6;

    /**
     * diffusers' keys and defaults. {@code solver_p}, another scheduler as predictor, must be {@code null}; {@code thresholding} is
     * for {@code predict_x0} only, in diffusers too.
     */
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
            boolean predictX0,
            SolverType solverType,
            boolean lowerOrderFinal,
            List<Integer> disableCorrector,
            @Nullable Object solverP,
            boolean useKarrasSigmas,
            boolean useExponentialSigmas,
            boolean useBetaSigmas,
            boolean useFlowSigmas,
            double flowShift,
            TimestepSpacing timestepSpacing,
            int stepsOffset,
            FinalSigmasType finalSigmasType,
            boolean rescaleBetasZeroSnr,
            boolean useDynamicShifting,
            TimeShift timeShiftType,
            @Nullable Double sigmaMin,
            @Nullable Double sigmaMax,
            @Nullable Double shiftTerminal)
            implements SolverConfig {
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
                true,
                SolverType.BH2,
                true,
                List.of(),
                null,
                false,
                false,
                false,
                false,
                1,
                TimestepSpacing.LINSPACE,
                0,
                FinalSigmasType.ZERO,
                false,
                false,
                TimeShift.EXPONENTIAL,
                null,
                null,
                null);

        public Config {
            solverType =
                    solverType == SolverType.BH1 ? solverType : SolverType.BH2; // as other solvers' configs become here
            disableCorrector = List.copyOf(disableCorrector);
        }

        /** What the reference refuses, or answers with values that are not numbers. */
        private void check() {
            Check.that(solverP == null, "solver_p, another scheduler as predictor, is not supported; leave it null");
            Check.that(
                    shiftTerminal == null || useFlowSigmas,
                    "shift_terminal is only for straight paths (use_flow_sigmas)");
            Check.that(
                    shiftTerminal == null || (shiftTerminal >= 0 && shiftTerminal < 1),
                    "shift_terminal must lie in [0, 1), but was " + shiftTerminal);
            boolean zero = finalSigmasType == FinalSigmasType.ZERO;
            Check.that(
                    predictX0 || !zero,
                    "predict_x0 false cannot end at noise level zero; choose final_sigmas_type 'sigma_min'");
            Check.that(
                    predictX0 || predictionType != PredictionType.FLOW_PREDICTION,
                    "predict_x0 false does not know prediction_type 'flow_prediction'");
        }
    }

    private final Config config;

    /** With the given settings. */
    public UniPcScheduler(Config config) {
        this(config, Map.of());
    }

    UniPcScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, EnumSet.of(SigmaSpacing.TIMESTEPS, SigmaSpacing.KARRAS));
        config.check();
        this.config = config;
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        return new Run(table(settings));
    }

    private SigmaTable table(SamplingSettings settings) {
        Double mu = settings.shiftFor(config.useDynamicShifting, DynamicShift.DEFAULT);
        Check.that(
                mu != null || !config.useDynamicShifting,
                "use_dynamic_shifting needs mu, the amount of shift, or the size of the samples, and neither is known");
        int steps = settings.numInferenceSteps();
        SigmaSpacing spacing = config.sigmaSpacing();
        if (config.useFlowSigmas) {
            double[] levels = spacing == SigmaSpacing.TIMESTEPS ? flowLevels(steps, mu) : flowLevelsOfKarras(steps);
            return chain.flow(levels, config.finalSigmasType.end(levels[steps - 1]));
        }
        if (spacing == SigmaSpacing.TIMESTEPS) {
            return chain.chosen(numTrainTimesteps(), steps, config.finalSigmasType.end(chain.lowest()));
        }
        double[] levels = chain.spread(spacing, steps, config.sigmaMin, config.sigmaMax);
        return chain.ofLevels(
                levels,
                config.useKarrasSigmas ? Math::rint : Math::floor,
                config.finalSigmasType.end(levels[steps - 1]));
    }

    private double[] flowLevels(int steps, @Nullable Double mu) {
        double[] even = Linspace.of(1, 1.0 / numTrainTimesteps(), steps + 1);
        double[] levels = new double[steps];
        for (int i = 0; i < steps; i++) {
            levels[i] =
                    mu != null ? config.timeShiftType.shift(mu, even[i]) : FlowSigmas.shift(config.flowShift, even[i]);
        }
        if (config.shiftTerminal != null && config.shiftTerminal != 0) {
            levels = FlowSigmas.stretchToTerminal(levels, config.shiftTerminal);
        }
        if (Math.abs(levels[0] - 1) < 1 - LARGEST_FLOW_SIGMA) {
            levels[0] -= 1 - LARGEST_FLOW_SIGMA; // at 1 there is no signal, and λ is not finite
        }
        return levels;
    }

    /** The levels σ of a chain of β as straight paths have the same ratio of noise to signal: σ/(σ+1). */
    private double[] flowLevelsOfKarras(int steps) {
        return Arrays.stream(chain.spread(SigmaSpacing.KARRAS, steps, config.sigmaMin, config.sigmaMax))
                .map(sigma -> sigma / (sigma + 1))
                .toArray();
    }

    private final class Run extends SolverRun {
        private final UniPcWeights weights;
        private final TensorHistory lastSample = new TensorHistory(1);
        private final TensorHistory predicted = new TensorHistory(1);
        private int lastOrder;

        Run(SigmaTable table) {
            super(config, clipping, table);
            this.weights = new UniPcWeights(levels, config.predictX0, config.solverType == SolverType.BH1);
        }

        /** The step before is corrected with this call's output (UniC), then the next one predicted (UniP). */
        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            int i = stepIndex();
            // m₀, what is integrated: x̂₀ or ε̂
            Tensor predOriginal = config.predictX0
                    ? clip(predOriginalSample(modelOutput, sample))
                    : predOriginalSample(modelOutput, sample);
            Tensor output = config.predictX0 ? predOriginal : predEpsilon(modelOutput, sample);
            boolean correct = outputs.size() > 0 && !config.disableCorrector.contains(i - 1);
            // what was done to the sample between the steps is kept, though the corrector starts from the last one
            Tensor corrected = correct ? correct(output).add(sample.sub(predicted.get(0))) : sample;
            outputs.add(output);
            // the predictor's order grows with the outputs, and falls towards the end
            lastOrder = Math.min(mostOrder(levels.size() - i), outputs.size());
            lastSample.add(corrected);
            ExponentialStep step = weights.step(i);
            Tensor prevSample = combine(step.sampleWeight(), corrected, weights.predictor(i, lastOrder));
            predicted.add(prevSample);
            return new StepResult(prevSample, predOriginal);
        }

        /** Level zero is only reached by order 1; the reference tries others where they are asked for, and fails. */
        private int mostOrder(int stepsLeft) {
            boolean toZero = stepsLeft == 1 && config.finalSigmasType == FinalSigmasType.ZERO;
            return config.lowerOrderFinal || toZero ? Math.min(config.solverOrder, stepsLeft) : config.solverOrder;
        }

        /** The last step once more, now that the output at its end is known. */
        private Tensor correct(Tensor output) {
            int from = stepIndex() - 1;
            double[] all = weights.corrector(from, lastOrder);
            double[] earlier = Arrays.copyOf(all, lastOrder);
            Tensor sum = combine(weights.step(from).sampleWeight(), lastSample.get(0), earlier);
            return Combine.sum(1, sum, all[lastOrder], output);
        }

        @Override
        public void close() {
            super.close();
            lastSample.close();
            predicted.close();
        }
    }
}
