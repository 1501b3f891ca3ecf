// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.sigma;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.schedule.Linspace;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaSchedule;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepOptions;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.config.FinalSigmasType;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Euler's method for networks with the preconditioning of Karras et al. (2022), table 1: x̂₀ = c_skip·x + c_out·F(c_in·x, ln(σ)/4);
 * diffusers' {@code EDMEulerScheduler}.
 */
public final class EdmEulerScheduler extends Scheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("edm-euler", "EDMEulerScheduler", Chain.EDM, Config.DEFAULT, EdmEulerScheduler::new);

    /** How the levels lie; the keys are those of {@code sigma_schedule}. */
    public enum Levels implements Keyed {
        /** Evenly in σ^(1/ρ). */
        KARRAS("karras"),
        /** Evenly in ln σ. */
        EXPONENTIAL("exponential");

        private final String key;

        Levels(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /** diffusers' keys and defaults. {@code v_prediction} is {@code epsilon} with the output's sign turned. */
    public record Config(
            double sigmaMin,
            double sigmaMax,
            double sigmaData,
            Levels sigmaSchedule,
            int numTrainTimesteps,
            PredictionType predictionType,
            double rho,
            FinalSigmasType finalSigmasType) {
        public static final Config DEFAULT =
                new Config(0.002, 80, 0.5, Levels.KARRAS, 1000, PredictionType.EPSILON, 7, FinalSigmasType.ZERO);

        public Config {
            Check.positive(sigmaMin, "sigma_min");
            Check.that(sigmaMax > sigmaMin, "sigma_max must be > sigma_min (" + sigmaMin + "), but was " + sigmaMax);
            Check.finite(sigmaMax, "sigma_max");
            Check.positive(sigmaData, "sigma_data");
            Check.inRange(numTrainTimesteps, 1, 1_000_000, "num_train_timesteps");
            Check.positive(rho, "rho");
            ChainConfig.choose(predictionType, ChainConfig.EPSILON_V, "prediction_type");
        }
    }

    private final Config config;
    private final double sign;

    /** With the given settings. */
    public EdmEulerScheduler(Config config) {
        this(config, Map.of());
    }

    EdmEulerScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys);
        this.config = config;
        this.sign = config.predictionType == PredictionType.V_PREDICTION ? -1 : 1;
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    public PredictionType predictionType() {
        return config.predictionType;
    }

    @Override
    public int numTrainTimesteps() {
        return config.numTrainTimesteps;
    }

    @Override
    public double signalRate(double timestep) {
        return 1;
    }

    @Override
    public double noiseRate(double timestep) {
        return Math.exp(4 * timestep);
    }

    /** The reference's table of T+1 levels, without the lowest. */
    @Override
    public double trainTimestep(int index) {
        Check.inRange(index, 0, config.numTrainTimesteps - 1, "index");
        return timestep(levels(config.numTrainTimesteps + 1)[config.numTrainTimesteps - 1 - index]);
    }

    @Override
    public Tensor scaleModelInput(Tensor sample, double... timesteps) {
        return sample.mul(perImage(timesteps, t -> inputScale(noiseRate(t)), sample));
    }

    /** F that gives x̂₀ = x₀ for x = x₀ + σ·ε: Karras et al. (2022), eq. 8. */
    @Override
    public Tensor trainingTarget(Tensor originalSamples, Tensor noise, double... timesteps) {
        double data = config.sigmaData;
        return TensorScope.keepResult(
                () -> perImage(timesteps, t -> sign * noiseRate(t) / data * inputScale(noiseRate(t)), noise)
                        .mul(originalSamples)
                        .sub(perImage(timesteps, t -> sign * data * inputScale(noiseRate(t)), noise)
                                .mul(noise)));
    }

    /** c_in = 1/√(σ² + σ_data²). */
    private double inputScale(double sigma) {
        return 1 / Math.hypot(sigma, config.sigmaData);
    }

    /** The timestep of a level. */
    private static double timestep(double sigma) {
        return Math.log(sigma) / 4;
    }

    private double[] levels(int steps) {
        if (config.sigmaSchedule == Levels.KARRAS) {
            return SigmaSchedule.karras(config.sigmaMin, config.sigmaMax, steps, config.rho);
        }
        // from the lowest up, turned: one step is at the lowest level, as in the reference
        double[] rising = Linspace.of(Math.log(config.sigmaMin), Math.log(config.sigmaMax), steps);
        double[] falling = new double[steps];
        Arrays.setAll(falling, i -> Math.exp(rising[steps - 1 - i]));
        return falling;
    }

    @Override
    public Set<String> stepOptions() {
        return StepOptions.CHURN;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        double[] levels = levels(settings.numInferenceSteps());
        double end = config.finalSigmasType.end(levels[levels.length - 1]);
        double[] timesteps =
                Arrays.stream(levels).map(EdmEulerScheduler::timestep).toArray();
        return new Run(settings, new SigmaTable(levels, end, timesteps).checked());
    }

    private final class Run extends SchedulerRun {
        private final StepOptions options;
        private final SigmaTable table;

        Run(SamplingSettings settings, SigmaTable table) {
            super(table.timesteps());
            this.options = settings.options();
            this.table = table;
        }

        @Override
        public double initNoiseSigma() {
            return Math.hypot(config.sigmaMax, 1);
        }

        @Override
        public Tensor scaleModelInput(Tensor sample) {
            return Combine.scale(inputScale(table.sigma(stepIndex())), sample);
        }

        @Override
        public Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
            return predOriginalSample(modelOutput, sample, table.sigma(stepIndex()));
        }

        @Override
        public double signalRate() {
            return 1;
        }

        @Override
        public double noiseRate() {
            return table.sigma(stepIndex());
        }

        private Tensor predOriginalSample(Tensor modelOutput, Tensor sample, double sigma) {
            double scale = inputScale(sigma);
            double skip = config.sigmaData * config.sigmaData * scale * scale;
            return Combine.sum(skip, sample, sign * sigma * config.sigmaData * scale, modelOutput);
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            double sigma = table.sigma(stepIndex());
            double sigmaHat = Churn.sigmaHat(options, sigma, table.size());
            Tensor raised = Churn.raise(options, sample, sigma, sigmaHat, noise);
            Tensor predOriginal = predOriginalSample(modelOutput, raised, sigmaHat);
            Tensor derivative = SigmaRun.derivative(raised, predOriginal, sigmaHat);
            double next = table.sigma(stepIndex() + 1);
            return new StepResult(Combine.sum(1, raised, next - sigmaHat, derivative), predOriginal);
        }
    }
}
