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
import dev.diffusion4j.scheduler.config.SolverConfig;
import dev.diffusion4j.scheduler.config.SolverType;
import dev.diffusion4j.scheduler.internal.ExponentialStep;
import dev.diffusion4j.scheduler.internal.LagrangeBasis;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Exponential integration of ε̂, extrapolated by a polynomial in ln ρ, ρ = σ/α: Zhang &amp; Chen (2022), eq. 14; diffusers'
 * {@code DEISMultistepScheduler}. It ends at the lowest trained level, not at zero.
 */
public final class DeisScheduler extends SolverScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("deis", "DEISMultistepScheduler", Chain.BETAS, Config.DEFAULT, DeisScheduler::new);

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
            boolean useKarrasSigmas,
            boolean useExponentialSigmas,
            boolean useBetaSigmas,
            boolean useFlowSigmas,
            double flowShift,
            TimestepSpacing timestepSpacing,
            int stepsOffset,
            boolean useDynamicShifting,
            TimeShift timeShiftType)
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
                AlgorithmType.DEIS,
                SolverType.LOGRHO,
                true,
                false,
                false,
                false,
                false,
                1,
                TimestepSpacing.LINSPACE,
                0,
                false,
                TimeShift.EXPONENTIAL);

        public Config {
            Check.that(
                    !algorithmType.isStochastic(),
                    "algorithm_type '" + algorithmType.key() + "' is not known to this scheduler; choose 'deis'");
            algorithmType = AlgorithmType.DEIS; // what the configs of other solvers become here
            solverType = SolverType.LOGRHO;
        }
    }

    private final Config config;

    /** With the given settings. */
    public DeisScheduler(Config config) {
        this(config, Map.of());
    }

    DeisScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, EnumSet.of(SigmaSpacing.TIMESTEPS));
        Check.inRange(config.solverOrder, 1, 3, "solver_order");
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

    /** Spaced levels end with the last one once more, so that their last step leads nowhere, as in the reference. */
    private SigmaTable table(SamplingSettings settings) {
        int steps = settings.numInferenceSteps();
        if (config.useFlowSigmas) {
            double[] levels = chain.flowLevels(settings);
            return chain.flow(levels, levels[steps - 1]);
        }
        SigmaSpacing spacing = config.sigmaSpacing();
        if (spacing == SigmaSpacing.TIMESTEPS) {
            return chain.chosen(numTrainTimesteps(), steps, chain.lowest());
        }
        double[] levels = chain.spread(spacing, steps, keptNumber("sigma_min"), keptNumber("sigma_max"));
        return chain.ofLevels(levels, config.useKarrasSigmas ? Math::rint : Math::floor, levels[steps - 1]);
    }

    private final class Run extends SolverRun {
        Run(SigmaTable table) {
            super(config, clipping, table);
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            Tensor predOriginal = clip(predOriginalSample(modelOutput, sample));
            outputs.add(epsilonOf(
                    predOriginal, sample)); // ε̂ is integrated, also where the network predicts something else
            int order = multistepOrder(false);
            // the linear part is solved exactly; the integral takes ε̂ as a polynomial in ln ρ through the last levels
            ExponentialStep step = ExponentialStep.of(AlgorithmType.DEIS, levels, stepIndex(), stepIndex() + 1);
            double[] weights = order == 1 ? new double[] {step.constant()} : polynomialWeights(order);
            return new StepResult(combine(step.sampleWeight(), sample, weights), predOriginal);
        }

        /** α·∫ ℓ_k(ln ρ) dρ over the step, ℓ_k through the last levels: Zhang &amp; Chen (2022), eq. 15. */
        private double[] polynomialWeights(int order) {
            int i = stepIndex();
            double[] logs = new double[order];
            for (int age = 0; age < order; age++) {
                logs[age] = Math.log(levels.rho(i - age));
            }
            double[] weights = LagrangeBasis.logIntegrals(logs, Math.log(levels.rho(i + 1)));
            for (int age = 0; age < order; age++) {
                weights[age] *= levels.alpha(i + 1);
            }
            return weights;
        }
    }
}
