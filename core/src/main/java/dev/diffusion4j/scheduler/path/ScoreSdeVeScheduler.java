// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.path;

import static org.bytedeco.pytorch.global.torch.linspace;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.Algorithm.Chain;
import dev.diffusion4j.scheduler.SampleRange;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Predictor and corrector for the variance-exploding equation: Song et al. (2021), algorithm 2; diffusers'
 * {@code ScoreSdeVeScheduler}, called as {@code ScoreSdeVePipeline} calls it. The network predicts the score; its timestep is σ. Each
 * of the N steps calls it {@code correct_steps} times to correct and once to predict; the last result is without its noise.
 */
public final class ScoreSdeVeScheduler extends Scheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM = Algorithm.of(
            "score-sde-ve", "ScoreSdeVeScheduler", Chain.VARIANCE_EXPLODING, Config.DEFAULT, ScoreSdeVeScheduler::new);

    /** diffusers' keys and defaults. */
    public record Config(
            int numTrainTimesteps, double snr, double sigmaMin, double sigmaMax, double samplingEps, int correctSteps) {
        public static final Config DEFAULT = new Config(2000, 0.15, 0.01, 1348, 1e-5, 1);

        public Config {
            Check.inRange(numTrainTimesteps, 1, 1_000_000, "num_train_timesteps");
            Check.positive(snr, "snr");
            Check.positive(sigmaMin, "sigma_min");
            Check.that(sigmaMax > sigmaMin, "sigma_max must be > sigma_min (" + sigmaMin + "), but was " + sigmaMax);
            Check.finite(sigmaMax, "sigma_max");
            Check.inOpenUnit(samplingEps, "sampling_eps");
            Check.notNegative(correctSteps, "correct_steps");
        }
    }

    private final Config config;

    /** With the given settings. */
    public ScoreSdeVeScheduler(Config config) {
        this(config, Map.of());
    }

    ScoreSdeVeScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys);
        this.config = config;
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    public PredictionType predictionType() {
        return PredictionType.SCORE;
    }

    /** Its networks see pictures in [0, 1], and diffusers' pipeline clamps what it draws to that. */
    @Override
    public SampleRange sampleRange() {
        return SampleRange.UNIT;
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
        return timestep;
    }

    /** σ evenly in ln σ. */
    @Override
    public double trainTimestep(int index) {
        Check.inRange(index, 0, config.numTrainTimesteps - 1, "index");
        return level(index, config.numTrainTimesteps);
    }

    /** The {@code index}-th of {@code count} levels, rising. */
    private double level(int index, int count) {
        double share = count == 1 ? 0 : (double) index / (count - 1);
        return config.sigmaMin * Math.pow(config.sigmaMax / config.sigmaMin, share);
    }

    @Override
    public int order() {
        return config.correctSteps + 1;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        int steps = settings.numInferenceSteps();
        // the same f32 line as the reference's: times are multiplied by N−1 and cut to whole numbers, where each bit
        // counts
        float[] times = TensorScope.compute(
                () -> Tensors.floats(linspace(new Scalar(1.0), new Scalar(config.samplingEps), steps)));
        int calls = order();
        double[] levels = new double[steps * calls];
        for (int i = 0; i < steps; i++) {
            double sigma = config.sigmaMin * Math.pow(config.sigmaMax / config.sigmaMin, times[i]);
            Arrays.fill(levels, i * calls, (i + 1) * calls, (float) sigma);
        }
        return new Run(times, levels);
    }

    private final class Run extends SchedulerRun {
        private final float[] times;
        private final int calls;

        Run(float[] times, double[] levels) {
            super(levels);
            this.times = times;
            this.calls = levels.length;
        }

        @Override
        public double initNoiseSigma() {
            return config.sigmaMax;
        }

        @Override
        public Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
            return Combine.predOriginal(PredictionType.SCORE, 1, timestep(), modelOutput, sample);
        }

        @Override
        public double signalRate() {
            return 1;
        }

        @Override
        public double noiseRate() {
            return timestep();
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            Tensor predOriginal = predOriginalSample(modelOutput, sample);
            boolean correct = (stepIndex() + 1) % order() != 0;
            Tensor epsilon = (correct ? noise.inFull() : noise).like(sample);
            return new StepResult(
                    correct ? correct(modelOutput, sample, epsilon) : predict(modelOutput, sample, epsilon),
                    predOriginal);
        }

        /** Langevin dynamics with a step that keeps the ratio of score to noise: Song et al. (2021), algorithm 4. */
        private Tensor correct(Tensor score, Tensor sample, Tensor epsilon) {
            double norm = meanNorm(score);
            if (norm == 0) { // a score without a direction corrects nothing
                return Combine.scale(1, sample);
            }
            double ratio = config.snr * meanNorm(epsilon) / norm;
            double step = 2 * ratio * ratio;
            return Combine.sum(1, sample, step, score, Math.sqrt(2 * step), epsilon);
        }

        /** Reverse diffusion: Song et al. (2021), eq. 47. The noise of the last step is drawn but not added. */
        private Tensor predict(Tensor score, Tensor sample, Tensor epsilon) {
            int steps = times.length;
            int index = (int) (times[stepIndex() / order()] * (steps - 1));
            double sigma = level(index, steps);
            double adjacent = index == 0 ? 0 : level(index - 1, steps);
            double variance = sigma * sigma - adjacent * adjacent;
            boolean last = stepIndex() + 1 == calls;
            return last
                    ? Combine.sum(1, sample, variance, score)
                    : Combine.sum(1, sample, variance, score, Math.sqrt(variance), epsilon);
        }
    }

    /** The mean over the batch of each image's Euclidean norm. */
    private static double meanNorm(Tensor tensor) {
        return TensorScope.compute(
                () -> tensor.flatten(1, -1).square().sum(1).sqrt().mean().item_double());
    }
}
