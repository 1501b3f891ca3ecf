// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.FlowSigmas;
import dev.diffusion4j.schedule.LambdaTable;
import dev.diffusion4j.schedule.Linspace;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaSchedule;
import dev.diffusion4j.schedule.SigmaSpacing;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.schedule.TimeShift;
import dev.diffusion4j.schedule.TimestepSpacing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * An exponential integrator, x = α·x₀ + σ·ε, on a chain of β or, with {@code use_flow_sigmas}, on straight paths. Timesteps that
 * follow from levels are cut to whole numbers, as the reference keeps them.
 */
abstract class SolverScheduler extends BetaScheduler {
    private final SolverConfig config;
    private final SigmaSchedule trained;
    private final Clipping clipping;

    <C extends Record & SolverConfig> SolverScheduler(C config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, ChainConfig.COMMON_SCHEDULES, SolverConfig.EPSILON_SAMPLE_V_FLOW);
        Check.positive(config.solverOrder(), "solver_order");
        Check.notNegative(config.stepsOffset(), "steps_offset");
        Check.positive(config.flowShift(), "flow_shift");
        Check.that(
                config.useFlowSigmas() || config.predictionType() != PredictionType.FLOW_PREDICTION,
                "prediction_type 'flow_prediction' needs use_flow_sigmas");
        Check.that(
                !config.useFlowSigmas() || spacingsOfFlow().contains(config.sigmaSpacing()),
                "use_flow_sigmas does not go together with other spacings of the levels");
        this.config = config;
        this.trained = SigmaSchedule.of(schedule());
        this.clipping =
                Clipping.quantile(config.thresholding(), config.dynamicThresholdingRatio(), config.sampleMaxValue());
    }

    /** The spacings that {@code use_flow_sigmas} may be combined with: with others the levels pass 1. */
    Set<SigmaSpacing> spacingsOfFlow() {
        return EnumSet.of(SigmaSpacing.TIMESTEPS);
    }

    @Override
    public SchedulerKind.Chain chain() {
        return config.useFlowSigmas() ? SchedulerKind.Chain.FLOW : super.chain();
    }

    @Override
    public double signalRate(double timestep) {
        double noiseRate = noiseRate(timestep);
        return config.useFlowSigmas() ? 1 - noiseRate : Math.sqrt(1 - noiseRate * noiseRate);
    }

    @Override
    public double noiseRate(double timestep) {
        if (config.useFlowSigmas()) {
            return Check.inRange(timestep, 0, numTrainTimesteps(), "timestep") / numTrainTimesteps();
        }
        double sigma = trained.at(checkTimestep(timestep));
        return sigma / Math.hypot(1, sigma);
    }

    /** On straight paths T·σ, with the levels shifted as those of a run. */
    @Override
    public double trainTimestep(int index) {
        if (!config.useFlowSigmas()) {
            return index;
        }
        Check.inRange(index, 0, numTrainTimesteps() - 1, "index");
        double sigma = (index + 1.0) / numTrainTimesteps();
        return FlowSigmas.shift(config.flowShift(), sigma) * numTrainTimesteps();
    }

    /** σ/α of the trained timesteps. */
    final SigmaSchedule trained() {
        return trained;
    }

    /** The lowest level of a spacing that is given by its ends; {@code null} for the lowest trained one. */
    @Nullable
    Double sigmaMin() {
        return keptNumber("sigma_min");
    }

    /** The highest level, see {@link #sigmaMin()}. */
    @Nullable
    Double sigmaMax() {
        return keptNumber("sigma_max");
    }

    /** The levels of N timesteps of which {@code last} may be used. */
    final SigmaTable chosen(int last, int steps, double end) {
        Check.that(last > 0, "lambda_min_clipped leaves no timestep");
        int most = config.timestepSpacing() == TimestepSpacing.TRAILING ? numTrainTimesteps() : last - 1;
        Check.that(
                steps <= most,
                "steps must be at most " + most + " for a model trained on " + numTrainTimesteps()
                        + " timesteps, but was " + steps);
        double[] timesteps =
                config.timestepSpacing().allButLast(last, numTrainTimesteps(), steps, config.stepsOffset());
        return new SigmaTable(trained.at(timesteps), end, timesteps);
    }

    @Override
    public Set<String> stepOptions() {
        return config.useFlowSigmas() ? Set.of(StepOptions.MU) : Set.of();
    }

    /** Levels given by their ends. */
    final double[] spread(SigmaSpacing spacing, int steps) {
        Double min = spacing == SigmaSpacing.LU ? null : sigmaMin();
        Double max = spacing == SigmaSpacing.LU ? null : sigmaMax();
        return spacing.between(
                min != null ? min : trained.at(0), max != null ? max : trained.at(numTrainTimesteps() - 1), steps);
    }

    /** The levels of straight paths from nearly 1 down, as DPM-Solver and DEIS choose them. */
    final double[] flowLevels(SamplingSettings settings) {
        double shift = config.flowShift();
        Double mu = settings.options().mu();
        if (mu != null) {
            Check.that(
                    config.useDynamicShifting() && config.timeShiftType() == TimeShift.EXPONENTIAL,
                    "mu is given, but use_dynamic_shifting is false or time_shift_type is not exponential");
            shift = Math.exp(mu);
        }
        int steps = settings.numInferenceSteps();
        double[] alphas = Linspace.of(1, 1.0 / numTrainTimesteps(), steps + 1);
        double[] levels = new double[steps];
        for (int i = 0; i < steps; i++) {
            levels[i] = FlowSigmas.shift(shift, 1 - alphas[steps - i]);
        }
        return levels;
    }

    /** The network is told T·σ, cut to a whole number. */
    final SigmaTable flow(double[] levels, double end) {
        return new SigmaTable(
                levels,
                end,
                Arrays.stream(levels)
                        .map(level -> Math.floor(level * numTrainTimesteps()))
                        .toArray());
    }

    /** A run that remembers the last outputs. */
    abstract class SolverRun extends SchedulerRun {
        /** The run's levels; {@link #stepIndex()} is the one where the network is called. */
        final LambdaTable levels;

        /** What the solver integrates, x̂₀ or ε̂, at the last steps. */
        final TensorHistory outputs;

        SolverRun(SigmaTable table) {
            super(table.timesteps());
            this.levels = new LambdaTable(table, config.useFlowSigmas());
            this.outputs = new TensorHistory(config.solverOrder());
        }

        @Override
        public Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
            return Combine.predOriginal(
                    predictionType(), levels.alpha(stepIndex()), levels.sigma(stepIndex()), modelOutput, sample);
        }

        @Override
        public double signalShare() {
            double signal = levels.alpha(stepIndex());
            double noise = levels.sigma(stepIndex());
            return signal * signal / (signal * signal + noise * noise);
        }

        @Override
        public double sampleVariance() {
            double signal = levels.alpha(stepIndex());
            double noise = levels.sigma(stepIndex());
            return signal * signal + noise * noise;
        }

        @Override
        public final Tensor clip(Tensor predOriginal) {
            return clipping.apply(predOriginal);
        }

        /** x̂₀ that goes with ε̂. */
        final Tensor originalOf(Tensor epsilon, Tensor sample) {
            return Combine.predOriginal(
                    PredictionType.EPSILON, levels.alpha(stepIndex()), levels.sigma(stepIndex()), epsilon, sample);
        }

        /** ε̂ that follows from the network's output. */
        final Tensor predEpsilon(Tensor modelOutput, Tensor sample) {
            return Combine.predEpsilon(
                    predictionType(), levels.alpha(stepIndex()), levels.sigma(stepIndex()), modelOutput, sample);
        }

        /** ε̂ that goes with x̂₀. */
        final Tensor epsilonOf(Tensor predOriginal, Tensor sample) {
            return Combine.difference(
                    sample, Combine.scale(levels.alpha(stepIndex()), predOriginal), levels.sigma(stepIndex()));
        }

        /** 1 at the start, then as many as there are outputs; lower again at the end of a short run, or where {@code euler}. */
        final int multistepOrder(boolean euler) {
            int left = levels.size() - stepIndex();
            boolean lower = config.lowerOrderFinal() && levels.size() < 15;
            int most = left == 1 && euler ? 1 : lower ? left : outputs.size();
            return Math.min(most, outputs.size());
        }

        /** weights[0]·sample + Σ weights[k]·outputs[k−1]. */
        final Tensor combine(double sampleWeight, Tensor sample, double[] weights) {
            double[] all = new double[weights.length + 1];
            all[0] = sampleWeight;
            System.arraycopy(weights, 0, all, 1, weights.length);
            List<Tensor> tensors = new ArrayList<>(outputs.all());
            tensors.add(0, sample);
            return Combine.sum(all, tensors);
        }

        @Override
        public void close() {
            outputs.close();
        }
    }
}
