// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.config;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.PredictionType;
import org.jspecify.annotations.Nullable;

/** The settings that DPM-Solver's multistep and singlestep forms share. */
public interface DpmConfig extends SolverConfig {
    AlgorithmType algorithmType();

    SolverType solverType();

    FinalSigmasType finalSigmasType();

    double lambdaMinClipped();

    @Override
    @Nullable
    VarianceType varianceType();

    /** What the configs of other solvers become here. */
    static AlgorithmType adopt(AlgorithmType type) {
        return type == AlgorithmType.DEIS ? AlgorithmType.DPMSOLVER_PLUS_PLUS : type;
    }

    /** What the configs of other solvers become here. */
    static SolverType adopt(SolverType type) {
        return type == SolverType.HEUN ? type : SolverType.MIDPOINT;
    }

    /** Refuses what the reference refuses, or answers with values that are not numbers. */
    default void checkDpm() {
        AlgorithmType type = algorithmType();
        Check.inRange(solverOrder(), 1, 3, "solver_order");
        Check.that(
                type.predictsOriginal() || finalSigmasType() == FinalSigmasType.SIGMA_MIN,
                "algorithm_type '" + type.key()
                        + "' cannot end at noise level zero; choose final_sigmas_type 'sigma_min'");
        Check.that(
                type.predictsOriginal() || predictionType() != PredictionType.FLOW_PREDICTION,
                "algorithm_type '" + type.key()
                        + "' does not know prediction_type 'flow_prediction'; choose 'dpmsolver++'");
        Check.that(!Double.isNaN(lambdaMinClipped()), "lambda_min_clipped must be a number, but was NaN");
    }
}
