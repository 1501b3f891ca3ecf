// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.path;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.DynamicShift;
import dev.diffusion4j.schedule.FlowSigmas;
import dev.diffusion4j.schedule.Linspace;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaSpacing;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.schedule.TimeShift;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepOptions;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Euler's method on straight paths x = (1−σ)·x₀ + σ·ε with a network that predicts ε − x₀: Lipman et al. (2022), Esser et al.
 * (2024); diffusers' {@code FlowMatchEulerDiscreteScheduler}. The timestep is T·σ.
 */
public final class FlowMatchEulerScheduler extends Scheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM = Algorithm.of(
            "flow-match-euler",
            "FlowMatchEulerDiscreteScheduler",
            Chain.FLOW,
            Config.DEFAULT,
            FlowMatchEulerScheduler::new);

    /**
     * diffusers' keys and defaults. With {@code use_dynamic_shifting} the canvas of a run decides how far its levels are shifted,
     * by {@code base_shift}, {@code max_shift}, {@code base_image_seq_len} and {@code max_image_seq_len}, as diffusers' pipelines
     * work it out; {@link StepOptions#mu()} sets it directly.
     */
    public record Config(
            int numTrainTimesteps,
            double shift,
            boolean useDynamicShifting,
            @Nullable Double baseShift,
            @Nullable Double maxShift,
            int baseImageSeqLen,
            int maxImageSeqLen,
            boolean invertSigmas,
            @Nullable Double shiftTerminal,
            boolean useKarrasSigmas,
            boolean useExponentialSigmas,
            boolean useBetaSigmas,
            TimeShift timeShiftType,
            boolean stochasticSampling) {
        public static final Config DEFAULT = new Config(
                1000,
                1,
                false,
                DynamicShift.DEFAULT.baseShift(),
                DynamicShift.DEFAULT.maxShift(),
                DynamicShift.DEFAULT.baseImageSeqLen(),
                DynamicShift.DEFAULT.maxImageSeqLen(),
                false,
                null,
                false,
                false,
                false,
                TimeShift.EXPONENTIAL,
                false);

        public Config {
            Check.inRange(numTrainTimesteps, 1, 1_000_000, "num_train_timesteps");
            Check.positive(shift, "shift");
            if (shiftTerminal != null) {
                Check.that(
                        shiftTerminal >= 0 && shiftTerminal < 1,
                        "shift_terminal must lie in [0, 1), but was " + shiftTerminal);
            }
            SigmaSpacing.of(useKarrasSigmas, useExponentialSigmas, useBetaSigmas);
            Check.that(
                    !(stochasticSampling && invertSigmas),
                    "stochastic_sampling and invert_sigmas do not go together: the noise would grow");
        }

        private @Nullable DynamicShift shiftLine() {
            return baseShift == null || maxShift == null
                    ? null
                    : new DynamicShift(baseShift, maxShift, baseImageSeqLen, maxImageSeqLen);
        }
    }

    private final Config config;
    private final SigmaSpacing spacing;

    /** With the given settings. */
    public FlowMatchEulerScheduler(Config config) {
        this(config, Map.of());
    }

    FlowMatchEulerScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys);
        this.config = config;
        this.spacing = SigmaSpacing.of(config.useKarrasSigmas, config.useExponentialSigmas, config.useBetaSigmas);
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    public PredictionType predictionType() {
        return PredictionType.FLOW_PREDICTION;
    }

    @Override
    public int numTrainTimesteps() {
        return config.numTrainTimesteps;
    }

    @Override
    public double signalRate(double timestep) {
        return 1 - noiseRate(timestep);
    }

    /** With {@code invert_sigmas} the timestep runs the other way round: T for clean. */
    @Override
    public double noiseRate(double timestep) {
        double sigma = Check.inRange(timestep, 0, config.numTrainTimesteps, "timestep") / config.numTrainTimesteps;
        return config.invertSigmas ? 1 - sigma : sigma;
    }

    @Override
    public double trainTimestep(int index) {
        Check.inRange(index, 0, config.numTrainTimesteps - 1, "index");
        double sigma = (index + 1.0) / config.numTrainTimesteps;
        double shifted = config.useDynamicShifting ? sigma : FlowSigmas.shift(config.shift, sigma);
        return (config.invertSigmas ? 1 - shifted : shifted) * config.numTrainTimesteps;
    }

    /** ε − x₀, or with {@code invert_sigmas} x₀ − ε: the direction in which the network's own time goes. */
    @Override
    public Tensor trainingTarget(Tensor originalSamples, Tensor noise, double... timesteps) {
        return config.invertSigmas ? originalSamples.sub(noise) : noise.sub(originalSamples);
    }

    @Override
    public Set<String> stepOptions() {
        return Set.of(StepOptions.MU);
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        double[] sigmas = sigmas(settings);
        double[] timesteps = new double[sigmas.length];
        for (int i = 0; i < sigmas.length; i++) {
            sigmas[i] = (float) sigmas[i];
            if (config.invertSigmas) {
                sigmas[i] = (float) (1 - sigmas[i]);
            }
            Check.finite(sigmas[i], "noise level " + i + " of the run");
            timesteps[i] = (float) (sigmas[i] * config.numTrainTimesteps);
        }
        return new Run(new SigmaTable(sigmas, config.invertSigmas ? 1 : 0, timesteps));
    }

    /** The levels, falling; the trained ones are shifted already and are shifted once more here, as in the reference. */
    private double[] sigmas(SamplingSettings settings) {
        int trained = config.numTrainTimesteps;
        double shiftOnce = config.useDynamicShifting ? 1 : config.shift;
        double max = (float) FlowSigmas.shift(shiftOnce, 1);
        double min = (float) FlowSigmas.shift(shiftOnce, (float) (1.0 / trained));
        double[] sigmas = Linspace.of(max * trained, min * trained, settings.numInferenceSteps());
        Double mu = settings.shiftFor(config.useDynamicShifting, config.shiftLine());
        Check.that(
                mu != null || !config.useDynamicShifting,
                "use_dynamic_shifting needs mu, the amount of shift, or the size of the samples, and neither is known");
        for (int i = 0; i < sigmas.length; i++) {
            double sigma = sigmas[i] / trained;
            sigmas[i] = mu != null ? config.timeShiftType.shift(mu, sigma) : FlowSigmas.shift(config.shift, sigma);
        }
        if (config.shiftTerminal != null && config.shiftTerminal != 0) {
            sigmas = FlowSigmas.stretchToTerminal(sigmas, config.shiftTerminal);
        }
        if (spacing == SigmaSpacing.TIMESTEPS) {
            return sigmas;
        }
        Double keptMin = keptNumber("sigma_min");
        Double keptMax = keptNumber("sigma_max");
        return spacing.between(
                keptMin != null ? keptMin : sigmas[sigmas.length - 1],
                keptMax != null ? keptMax : sigmas[0],
                sigmas.length);
    }

    private final class Run extends SchedulerRun {
        private final SigmaTable table;

        Run(SigmaTable table) {
            super(table.timesteps());
            this.table = table;
        }

        @Override
        public Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
            double sigma = table.sigma(stepIndex());
            return Combine.sum(1, sample, config.invertSigmas ? 1 - sigma : -sigma, modelOutput);
        }

        @Override
        public double signalRate() {
            return 1 - noiseRate();
        }

        @Override
        public double noiseRate() {
            double level = table.sigma(stepIndex());
            return config.invertSigmas ? 1 - level : level;
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            double next = table.sigma(stepIndex() + 1);
            Tensor predOriginal = predOriginalSample(modelOutput, sample);
            Tensor prevSample = config.stochasticSampling
                    ? Combine.sum(1 - next, predOriginal, next, noise.inFull().like(sample))
                    : Combine.sum(1, sample, next - table.sigma(stepIndex()), modelOutput);
            return new StepResult(prevSample, predOriginal);
        }
    }
}
