// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.path;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SampleRange;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.config.ChainConfig;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.scheduler.internal.FreshNoise;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Diffusion in continuous time τ ∈ [0, 1], whose angle grows evenly: x_τ = cos θ·x₀ + sin θ·ε with θ from arccos(max_signal_rate)
 * to arccos(min_signal_rate). The timestep is the variance of the noise, sin² θ. K steps go from τ = 1 down by 1/K, each
 * taking a sample apart into x̂₀ and ε̂ and mixing them anew with less noise; the last one gives x̂₀ itself: Song et al. (2021a),
 * as in the Keras example "Denoising Diffusion Implicit Models".
 */
public final class ContinuousCosineScheduler extends Scheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM = Algorithm.of(
            "continuous-cosine",
            "ContinuousCosineScheduler",
            Chain.CONTINUOUS,
            Config.DEFAULT,
            ContinuousCosineScheduler::new);

    /**
     * Its settings.
     *
     * @param numTrainTimesteps into how many levels time is cut where a level is asked for by number; also the most steps of a run
     * @param minSignalRate the picture's share at τ = 1
     * @param maxSignalRate the picture's share at τ = 0
     * @param clipSample whether x̂₀ is cut to what a picture can show
     * @param normalizerMean of each channel of the training pictures, of levels in [0, 1]; {@code null} for samples in [−1, 1]
     * @param normalizerStd standard deviation of the same
     */
    public record Config(
            int numTrainTimesteps,
            double minSignalRate,
            double maxSignalRate,
            PredictionType predictionType,
            boolean clipSample,
            @Nullable List<Double> normalizerMean,
            @Nullable List<Double> normalizerStd) {
        public static final Config DEFAULT = new Config(1000, 0.02, 0.95, PredictionType.EPSILON, false, null, null);

        public Config {
            Check.inRange(numTrainTimesteps, 1, 1_000_000, "num_train_timesteps");
            Check.that(
                    minSignalRate > 0 && minSignalRate < maxSignalRate && maxSignalRate < 1,
                    "signal rates must be 0 < min_signal_rate < max_signal_rate < 1, but were " + minSignalRate
                            + " and " + maxSignalRate);
            Check.that(
                    ChainConfig.EPSILON_SAMPLE_V.contains(predictionType),
                    "prediction_type must be epsilon, sample or v_prediction, but was " + predictionType.key());
            Check.that(
                    (normalizerMean == null ? -1 : normalizerMean.size())
                            == (normalizerStd == null ? -1 : normalizerStd.size()),
                    "normalizer_mean and normalizer_std must have one number a channel each, or both be omitted");
            if (normalizerMean != null && normalizerStd != null) {
                Check.that(!normalizerMean.isEmpty(), "normalizer_mean must have one number a channel, but has none");
                normalizerMean.forEach(value -> Check.finite(value, "normalizer_mean"));
                normalizerStd.forEach(value -> Check.positive(value, "normalizer_std"));
                normalizerMean = List.copyOf(normalizerMean);
                normalizerStd = List.copyOf(normalizerStd);
            }
        }
    }

    private final Config config;
    private final SampleRange range;
    private final double firstAngle;
    private final double lastAngle;

    /** With the given settings. */
    public ContinuousCosineScheduler(Config config) {
        this(config, Map.of());
    }

    ContinuousCosineScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys);
        this.config = config;
        List<Double> mean = config.normalizerMean;
        List<Double> std = config.normalizerStd;
        this.range = mean == null || std == null ? SampleRange.SIGNED : SampleRange.normalized(mean, std);
        this.firstAngle = Math.acos(config.maxSignalRate);
        this.lastAngle = Math.acos(config.minSignalRate);
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

    /** Those of normalised pictures, where the config holds the data's mean and standard deviation. */
    @Override
    public SampleRange sampleRange() {
        return range;
    }

    @Override
    public boolean isContinuous() {
        return true;
    }

    /** The noise's variance at τ. */
    @Override
    public double timestepAt(double time) {
        double noise = Math.sin(firstAngle + Check.inRange(time, 0, 1, "time") * (lastAngle - firstAngle));
        return noise * noise;
    }

    @Override
    public double trainTimestep(int index) {
        Check.inRange(index, 0, config.numTrainTimesteps - 1, "index");
        return timestepAt(config.numTrainTimesteps == 1 ? 1 : (double) index / (config.numTrainTimesteps - 1));
    }

    @Override
    public double signalRate(double timestep) {
        return Math.sqrt(1 - Check.inRange(timestep, 0, 1, "the variance of the noise"));
    }

    @Override
    public double noiseRate(double timestep) {
        return Math.sqrt(Check.inRange(timestep, 0, 1, "the variance of the noise"));
    }

    @Override
    public boolean takesEta() {
        return true;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        checkSteps(settings.numInferenceSteps());
        int steps = settings.numInferenceSteps();
        double[] timesteps = new double[steps];
        for (int k = 0; k < steps; k++) {
            timesteps[k] = timestepAt(1 - (double) k / steps);
        }
        double mostEta = Double.POSITIVE_INFINITY;
        for (int k = 0; k + 1 < steps; k++) {
            double variance = timesteps[k + 1];
            mostEta = Math.min(mostEta, FreshNoise.mostEta(variance, fresh(1, timesteps[k], variance)));
        }
        FreshNoise.checkEta(settings.eta(), mostEta, steps);
        return new Run(timesteps, settings.eta());
    }

    /** The variance of what is fresh after a step from one variance to a lower one: Song et al. (2020), eq. 16. */
    private static double fresh(double eta, double from, double to) {
        return eta * eta * to / from * (1 - (1 - from) / (1 - to));
    }

    private final class Run extends SchedulerRun {
        private final double[] variances;
        private final double eta;

        Run(double[] variances, double eta) {
            super(variances);
            this.variances = variances;
            this.eta = eta;
        }

        @Override
        public Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
            return Combine.predOriginal(predictionType(), signalRate(), noiseRate(), modelOutput, sample);
        }

        @Override
        public Tensor clip(Tensor predOriginal) {
            return config.clipSample ? range.clamp(predOriginal) : predOriginal;
        }

        @Override
        public double signalRate() {
            return ContinuousCosineScheduler.this.signalRate(timestep());
        }

        @Override
        public double noiseRate() {
            return ContinuousCosineScheduler.this.noiseRate(timestep());
        }

        @Override
        public double signalShare() {
            return 1 - timestep();
        }

        @Override
        public double sampleVariance() {
            return 1;
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            Tensor predOriginal = clip(predOriginalSample(modelOutput, sample));
            if (stepIndex() + 1 == variances.length) {
                return new StepResult(Combine.scale(1, predOriginal), predOriginal);
            }
            double now = timestep();
            double next = variances[stepIndex() + 1];
            double fresh = fresh(eta, now, next);
            Tensor epsilon = Combine.predEpsilon(predictionType(), signalRate(), noiseRate(), modelOutput, sample);
            Tensor mixed = Combine.sum(
                    ContinuousCosineScheduler.this.signalRate(next),
                    predOriginal,
                    FreshNoise.kept(next, fresh),
                    epsilon);
            return new StepResult(
                    fresh > 0 ? mixed.add(noise.like(sample).mul(new Scalar(Math.sqrt(fresh)))) : mixed, predOriginal);
        }
    }
}
