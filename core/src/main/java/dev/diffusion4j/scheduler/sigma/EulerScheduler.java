// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.sigma;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.schedule.Linspace;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.schedule.TimestepSpacing;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepOptions;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.config.FinalSigmasType;
import dev.diffusion4j.scheduler.config.SigmaConfig;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Euler's method in σ: Karras et al. (2022), algorithm 2 without the correction; diffusers' {@code EulerDiscreteScheduler}. */
public final class EulerScheduler extends SigmaScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("euler", "EulerDiscreteScheduler", Chain.BETAS, Config.DEFAULT, EulerScheduler::new);

    /** How σ follows from timesteps; the keys are those of {@code interpolation_type}. */
    public enum InterpolationType implements Keyed {
        /** As σ of the chosen timesteps. */
        LINEAR("linear"),
        /** Evenly in ln σ, whatever the timesteps are. */
        LOG_LINEAR("log_linear");

        private final String key;

        InterpolationType(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /** What the network is given as its time; the keys are those of {@code timestep_type}. */
    public enum TimestepType implements Keyed {
        /** A training timestep. */
        DISCRETE("discrete"),
        /** ln(σ)/4, where v is predicted; else as {@link #DISCRETE}. */
        CONTINUOUS("continuous");

        private final String key;

        TimestepType(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /** diffusers' keys and defaults. */
    public record Config(
            int numTrainTimesteps,
            double betaStart,
            double betaEnd,
            BetaSchedule betaSchedule,
            @Nullable List<Double> trainedBetas,
            PredictionType predictionType,
            InterpolationType interpolationType,
            boolean useKarrasSigmas,
            boolean useExponentialSigmas,
            boolean useBetaSigmas,
            @Nullable Double sigmaMin,
            @Nullable Double sigmaMax,
            TimestepSpacing timestepSpacing,
            TimestepType timestepType,
            int stepsOffset,
            boolean rescaleBetasZeroSnr,
            FinalSigmasType finalSigmasType)
            implements SigmaConfig {
        public static final Config DEFAULT = new Config(
                1000,
                1e-4,
                0.02,
                BetaSchedule.LINEAR,
                null,
                PredictionType.EPSILON,
                InterpolationType.LINEAR,
                false,
                false,
                false,
                null,
                null,
                TimestepSpacing.LINSPACE,
                TimestepType.DISCRETE,
                0,
                false,
                FinalSigmasType.ZERO);

        boolean isContinuous() {
            return timestepType == TimestepType.CONTINUOUS && predictionType == PredictionType.V_PREDICTION;
        }
    }

    private final Config config;

    /** With the given settings. */
    public EulerScheduler(Config config) {
        this(config, Map.of());
    }

    EulerScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, ChainConfig.COMMON_SCHEDULES, ChainConfig.EPSILON_SAMPLE_V);
        this.config = config;
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    /** A network whose time is ln(σ)/4 is preconditioned as in EDM (with σ_data = 1), not trained on numbered timesteps. */
    @Override
    public Chain chain() {
        return config.isContinuous() ? Chain.EDM : super.chain();
    }

    @Override
    public double signalRate(double timestep) {
        return config.isContinuous() ? 1 : super.signalRate(timestep);
    }

    @Override
    public double noiseRate(double timestep) {
        return config.isContinuous() ? Math.exp(4 * timestep) : super.noiseRate(timestep);
    }

    @Override
    public double trainTimestep(int index) {
        return config.isContinuous() ? Math.log(trained().at(index)) / 4 : index;
    }

    @Override
    @Nullable
    Double sigmaMin() {
        return config.sigmaMin;
    }

    @Override
    @Nullable
    Double sigmaMax() {
        return config.sigmaMax;
    }

    /** The log-linear levels are one more than the timesteps: the reference then ends one level early. */
    @Override
    double[] levels(double[] timesteps) {
        if (config.interpolationType == InterpolationType.LINEAR) {
            return super.levels(timesteps);
        }
        double high = Math.log(trained().at(numTrainTimesteps() - 1));
        double low = Math.log(trained().at(0));
        return Arrays.stream(Linspace.of(high, low, timesteps.length + 1))
                .map(Math::exp)
                .toArray();
    }

    @Override
    public Set<String> stepOptions() {
        return StepOptions.CHURN;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        double end = config.finalSigmasType.end(trained().at(0));
        SigmaTable table = table(settings.numInferenceSteps(), end, DoubleUnaryOperator.identity());
        double[] timesteps = config.isContinuous()
                ? Arrays.stream(table.levels())
                        .map(sigma -> Math.log(sigma) / 4)
                        .toArray()
                : table.timesteps();
        return new Run(settings, table, timesteps);
    }

    private final class Run extends SigmaRun {
        private final StepOptions options;
        private final SigmaTable table;

        Run(SamplingSettings settings, SigmaTable table, double[] timesteps) {
            super(config.predictionType, timesteps, table.levels(), EulerScheduler.this.initNoiseSigma(table));
            this.options = settings.options();
            this.table = table;
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            double sigmaHat = Churn.sigmaHat(options, sigma(), table.size());
            Tensor raised = Churn.raise(options, sample, sigma(), sigmaHat, noise);
            // the reference converts ε at the raised level, v at the level that the network was given
            boolean epsilon = config.predictionType == PredictionType.EPSILON;
            Tensor predOriginal = predOriginalSample(modelOutput, raised, epsilon ? sigmaHat : sigma());
            Tensor derivative = derivative(raised, predOriginal, sigmaHat);
            double next = table.sigma(stepIndex() + 1);
            return new StepResult(Combine.sum(1, raised, next - sigmaHat, derivative), predOriginal);
        }
    }
}
