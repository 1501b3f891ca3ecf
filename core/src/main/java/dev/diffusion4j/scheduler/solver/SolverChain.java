// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.solver;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.DynamicShift;
import dev.diffusion4j.schedule.FlowSigmas;
import dev.diffusion4j.schedule.Linspace;
import dev.diffusion4j.schedule.NoiseSchedule;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaSchedule;
import dev.diffusion4j.schedule.SigmaSpacing;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.schedule.TimeShift;
import dev.diffusion4j.schedule.TimestepSpacing;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.config.SolverConfig;
import java.util.Arrays;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The forward process that exponential integrators work on, x = α·x₀ + σ·ε with a table of β or, with {@code use_flow_sigmas}, on
 * straight paths, and the noise levels that a run may take from it. Timesteps that follow from levels are cut to whole numbers, as
 * the reference keeps them. Immutable; no tensors.
 */
final class SolverChain {
    private final SolverConfig config;
    private final int trainedSteps;
    private final NoiseSchedule schedule;
    private final SigmaSchedule trained;

    /** @param ofFlow the spacings that {@code use_flow_sigmas} may be combined with: with others the levels pass 1 */
    SolverChain(SolverConfig config, Set<SigmaSpacing> ofFlow) {
        config.checkChain(ChainConfig.COMMON_SCHEDULES, SolverConfig.EPSILON_SAMPLE_V_FLOW);
        Check.positive(config.solverOrder(), "solver_order");
        Check.notNegative(config.stepsOffset(), "steps_offset");
        Check.positive(config.flowShift(), "flow_shift");
        Check.that(
                config.useFlowSigmas() || config.predictionType() != PredictionType.FLOW_PREDICTION,
                "prediction_type 'flow_prediction' needs use_flow_sigmas");
        Check.that(
                !config.useFlowSigmas() || ofFlow.contains(config.sigmaSpacing()),
                "use_flow_sigmas does not go together with other spacings of the levels");
        this.config = config;
        this.trainedSteps = config.numTrainTimesteps();
        this.schedule = config.noiseSchedule();
        this.trained = SigmaSchedule.of(schedule);
    }

    double signalRate(double timestep) {
        double noiseRate = noiseRate(timestep);
        return config.useFlowSigmas() ? 1 - noiseRate : Math.sqrt(1 - noiseRate * noiseRate);
    }

    double noiseRate(double timestep) {
        if (config.useFlowSigmas()) {
            return Check.inRange(timestep, 0, trainedSteps, "timestep") / trainedSteps;
        }
        double sigma = trained.at(Check.inRange(timestep, 0, trainedSteps - 1.0, "timestep"));
        return sigma / Math.hypot(1, sigma);
    }

    /** On straight paths T·σ, with the levels shifted as those of a run. */
    double trainTimestep(int index) {
        if (!config.useFlowSigmas()) {
            return index;
        }
        Check.inRange(index, 0, trainedSteps - 1, "index");
        double sigma = (index + 1.0) / trainedSteps;
        return FlowSigmas.shift(config.flowShift(), sigma) * trainedSteps;
    }

    /** The lowest trained level, σ/α. */
    double lowest() {
        return trained.at(0);
    }

    /** The levels of N timesteps of which {@code last} may be used. */
    SigmaTable chosen(int last, int steps, double end) {
        Check.that(last > 0, "lambda_min_clipped leaves no timestep");
        int most = config.timestepSpacing() == TimestepSpacing.TRAILING ? trainedSteps : last - 1;
        Check.that(
                steps <= most,
                "{steps} must be at most " + most + " for a model trained on " + trainedSteps + " timesteps, but was "
                        + steps);
        double[] timesteps = config.timestepSpacing().allButLast(last, trainedSteps, steps, config.stepsOffset());
        return new SigmaTable(trained.at(timesteps), end, timesteps);
    }

    /** How many timesteps, from 0 on, have a λ that is not below the given one. */
    int timestepsAbove(double lambda) {
        int count = 0;
        for (int t = 0; t < trainedSteps; t++) {
            double alphaBar = schedule.alphasCumprod(t);
            if (0.5 * (Math.log(alphaBar) - Math.log(1 - alphaBar)) >= lambda) {
                count++;
            }
        }
        return count;
    }

    /**
     * Levels given by their ends.
     *
     * @param min the lowest; {@code null} for the lowest trained one
     * @param max the highest, likewise
     */
    double[] spread(SigmaSpacing spacing, int steps, @Nullable Double min, @Nullable Double max) {
        boolean kept = spacing != SigmaSpacing.LU; // which has no ends of its own
        return spacing.between(
                kept && min != null ? min : lowest(), kept && max != null ? max : trained.at(trainedSteps - 1), steps);
    }

    /** Given levels with the timesteps that follow from them. */
    SigmaTable ofLevels(double[] levels, DoubleUnaryOperator rounding, double end) {
        return SigmaTable.ofLevels(trained, levels, rounding, end);
    }

    /** The levels of straight paths from nearly 1 down, as DPM-Solver and DEIS choose them. */
    double[] flowLevels(SamplingSettings settings) {
        double shift = config.flowShift();
        Check.that(
                settings.options().mu() == null || config.timeShiftType() == TimeShift.EXPONENTIAL,
                "mu is given, but time_shift_type is not exponential");
        boolean dynamic = config.useDynamicShifting() && config.timeShiftType() == TimeShift.EXPONENTIAL;
        Double mu = settings.shiftFor(dynamic, DynamicShift.DEFAULT);
        if (mu != null) {
            shift = Math.exp(mu);
        }
        int steps = settings.numInferenceSteps();
        double[] alphas = Linspace.of(1, 1.0 / trainedSteps, steps + 1);
        double[] levels = new double[steps];
        for (int i = 0; i < steps; i++) {
            levels[i] = FlowSigmas.shift(shift, 1 - alphas[steps - i]);
        }
        return levels;
    }

    /** Levels of straight paths, whose timesteps are T·σ, cut to whole numbers. */
    SigmaTable flow(double[] levels, double end) {
        return new SigmaTable(
                levels,
                end,
                Arrays.stream(levels)
                        .map(level -> Math.floor(level * trainedSteps))
                        .toArray());
    }
}
