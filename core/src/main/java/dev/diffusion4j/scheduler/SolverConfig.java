// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.TimeShift;
import java.util.EnumSet;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/** The settings that all exponential integrators share. */
interface SolverConfig extends SigmaConfig {
    Set<PredictionType> EPSILON_SAMPLE_V_FLOW = EnumSet.of(
            PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION, PredictionType.FLOW_PREDICTION);

    int solverOrder();

    /** The network's output without what may come with it; a view, or {@code modelOutput} itself. */
    default Tensor mean(Tensor modelOutput, Tensor sample) {
        return modelOutput;
    }

    boolean thresholding();

    double dynamicThresholdingRatio();

    double sampleMaxValue();

    boolean lowerOrderFinal();

    boolean useFlowSigmas();

    double flowShift();

    boolean useDynamicShifting();

    TimeShift timeShiftType();
}
