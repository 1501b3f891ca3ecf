// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaSpacing;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** What DPM-Solver's multistep and singlestep forms share. */
abstract class DpmSolverScheduler extends SolverScheduler {

    /** Their common settings. */
    interface DpmConfig extends SolverConfig {
        AlgorithmType algorithmType();

        SolverType solverType();

        FinalSigmasType finalSigmasType();

        double lambdaMinClipped();

        DdpmScheduler.@Nullable VarianceType varianceType();

        /** What the configs of other solvers become here. */
        static AlgorithmType adopt(AlgorithmType type) {
            return type == AlgorithmType.DEIS ? AlgorithmType.DPMSOLVER_PLUS_PLUS : type;
        }

        /** What the configs of other solvers become here. */
        static SolverType adopt(SolverType type) {
            return type == SolverType.HEUN ? type : SolverType.MIDPOINT;
        }
    }

    private final DpmConfig config;

    <C extends Record & DpmConfig> DpmSolverScheduler(C config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys);
        AlgorithmType type = config.algorithmType();
        Check.inRange(config.solverOrder(), 1, 3, "solver_order");
        Check.that(
                type.predictsOriginal() || config.finalSigmasType() == FinalSigmasType.SIGMA_MIN,
                "algorithm_type '" + type.key()
                        + "' cannot end at noise level zero; choose final_sigmas_type 'sigma_min'");
        Check.that(
                type.predictsOriginal() || config.predictionType() != PredictionType.FLOW_PREDICTION,
                "algorithm_type '" + type.key()
                        + "' does not know prediction_type 'flow_prediction'; choose 'dpmsolver++'");
        Check.that(!Double.isNaN(config.lambdaMinClipped()), "lambda_min_clipped must be a number, but was NaN");
        this.config = config;
    }

    /** Whether timesteps of these spaced levels are rounded; else they are cut to whole numbers. */
    abstract boolean rounds(SigmaSpacing spacing);

    /** The levels of a run. */
    final SigmaTable table(SamplingSettings settings, SigmaSpacing spacing) {
        double end = config.finalSigmasType().end(trained().at(0));
        if (config.useFlowSigmas()) {
            return flow(flowLevels(settings), end);
        }
        int steps = settings.numInferenceSteps();
        if (spacing == SigmaSpacing.TIMESTEPS) {
            return chosen(timestepsAbove(config.lambdaMinClipped()), steps, end);
        }
        DoubleUnaryOperator rounding = rounds(spacing) ? Math::rint : Math::floor;
        return SigmaTable.ofLevels(trained(), spread(spacing, steps), rounding, end);
    }

    /** How many timesteps, from 0 on, have a λ that is not below the given one. */
    private int timestepsAbove(double lambda) {
        int count = 0;
        for (int t = 0; t < numTrainTimesteps(); t++) {
            double alphaBar = schedule().alphasCumprod(t);
            if (0.5 * (Math.log(alphaBar) - Math.log(1 - alphaBar)) >= lambda) {
                count++;
            }
        }
        return count;
    }

    @Override
    public boolean takesOutput(int sampleChannels, int outChannels) {
        return outChannels == sampleChannels || isVarianceLearned() && outChannels == 2 * sampleChannels;
    }

    private boolean isVarianceLearned() {
        DdpmScheduler.VarianceType variance = config.varianceType();
        return variance != null && variance.isLearned();
    }

    /** A run that takes outputs with a learned variance, which it leaves unused. */
    abstract class DpmRun extends SolverRun {
        DpmRun(SigmaTable table) {
            super(table);
        }

        @Override
        public Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
            return TensorScope.keepResult(() -> super.predOriginalSample(mean(modelOutput, sample), sample));
        }

        private Tensor mean(Tensor modelOutput, Tensor sample) {
            return isVarianceLearned() && modelOutput.size(1) == 2 * sample.size(1)
                    ? modelOutput.narrow(1, 0, sample.size(1))
                    : modelOutput;
        }

        /** The step itself; the newest of the outputs is that of this call. */
        abstract Tensor solve(Tensor sample);

        /** The weight of fresh noise in the step that {@link #solve} makes. */
        abstract double noiseWeight();

        @Override
        protected final StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            Tensor predOriginal;
            if (config.algorithmType().predictsOriginal()) {
                predOriginal = clip(predOriginalSample(modelOutput, sample));
                outputs.add(predOriginal);
            } else {
                Tensor epsilon = predEpsilon(mean(modelOutput, sample), sample);
                predOriginal = clip(originalOf(epsilon, sample));
                outputs.add(config.thresholding() ? epsilonOf(predOriginal, sample) : epsilon);
            }
            Tensor prevSample = solve(sample);
            if (config.algorithmType().isStochastic()) {
                // drawn at the last step too, where its share is 0, as the reference does
                prevSample = prevSample.add(noise.like(sample), new Scalar(noiseWeight()));
            }
            return new StepResult(prevSample, predOriginal);
        }
    }
}
