// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.solver;

import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaSpacing;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.StepOptions;
import dev.diffusion4j.scheduler.config.SolverConfig;
import dev.diffusion4j.scheduler.internal.Clipping;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An exponential integrator: what its {@link SolverChain} says of the forward process. The algorithm is in its run. */
abstract class SolverScheduler extends Scheduler {
    private final SolverConfig config;

    /** The levels that a run may take. */
    final SolverChain chain;

    /** How x̂₀ is cut. */
    final Clipping clipping;

    /** @param ofFlow the spacings that {@code use_flow_sigmas} may be combined with */
    <C extends Record & SolverConfig> SolverScheduler(
            C config, Map<String, @Nullable Object> unknownKeys, Set<SigmaSpacing> ofFlow) {
        super(config, unknownKeys);
        this.config = config;
        this.chain = new SolverChain(config, ofFlow);
        this.clipping =
                Clipping.quantile(config.thresholding(), config.dynamicThresholdingRatio(), config.sampleMaxValue());
    }

    @Override
    public final PredictionType predictionType() {
        return config.predictionType();
    }

    @Override
    public final int numTrainTimesteps() {
        return config.numTrainTimesteps();
    }

    @Override
    public final Chain chain() {
        return config.useFlowSigmas() ? Chain.FLOW : super.chain();
    }

    @Override
    public final boolean takesOutput(int sampleChannels, int outChannels) {
        return outChannels == sampleChannels || config.isVarianceLearned() && outChannels == 2 * sampleChannels;
    }

    @Override
    public final double signalRate(double timestep) {
        return chain.signalRate(timestep);
    }

    @Override
    public final double noiseRate(double timestep) {
        return chain.noiseRate(timestep);
    }

    @Override
    public final double trainTimestep(int index) {
        return chain.trainTimestep(index);
    }

    @Override
    public final Set<String> stepOptions() {
        return config.useFlowSigmas() ? Set.of(StepOptions.MU) : Set.of();
    }

    /** The lowest level of a spacing that is given by its ends, where another algorithm's settings say so. */
    final @Nullable Double sigmaMin() {
        return keptNumber("sigma_min");
    }

    /** The highest level, see {@link #sigmaMin()}. */
    final @Nullable Double sigmaMax() {
        return keptNumber("sigma_max");
    }
}
