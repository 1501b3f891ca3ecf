// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.solver;

import dev.diffusion4j.schedule.SigmaSpacing;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.config.DpmConfig;
import java.util.function.DoubleUnaryOperator;

/** The levels of a run of DPM-Solver, multistep or singlestep. */
final class DpmLevels {
    private DpmLevels() {}

    /** @param rounding of timesteps that follow from levels */
    static SigmaTable of(
            DpmConfig config, SolverScheduler scheduler, SamplingSettings settings, DoubleUnaryOperator rounding) {
        SolverChain chain = scheduler.chain;
        double end = config.finalSigmasType().end(chain.lowest());
        if (config.useFlowSigmas()) {
            return chain.flow(chain.flowLevels(settings), end);
        }
        int steps = settings.numInferenceSteps();
        SigmaSpacing spacing = config.sigmaSpacing();
        if (spacing == SigmaSpacing.TIMESTEPS) {
            return chain.chosen(chain.timestepsAbove(config.lambdaMinClipped()), steps, end);
        }
        double[] levels = chain.spread(spacing, steps, scheduler.sigmaMin(), scheduler.sigmaMax());
        return chain.ofLevels(levels, rounding, end);
    }
}
