// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.config;

import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.TimeShift;
import java.util.EnumSet;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** The settings that all exponential integrators share. */
public interface SolverConfig extends SigmaConfig {
    Set<PredictionType> EPSILON_SAMPLE_V_FLOW = EnumSet.of(
            PredictionType.EPSILON, PredictionType.SAMPLE, PredictionType.V_PREDICTION, PredictionType.FLOW_PREDICTION);

    int solverOrder();

    /** The variance that may come with the network's output, where it is left unused. */
    default @Nullable VarianceType varianceType() {
        return null;
    }

    /** Whether a variance may come with the network's output. */
    default boolean isVarianceLearned() {
        VarianceType variance = varianceType();
        return variance != null && variance.isLearned();
    }

    /** The network's output without the variance that may come with it; a view, or {@code modelOutput} itself. */
    default Tensor mean(Tensor modelOutput, Tensor sample) {
        VarianceType variance = varianceType();
        return variance == null ? modelOutput : variance.mean(modelOutput, sample);
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
