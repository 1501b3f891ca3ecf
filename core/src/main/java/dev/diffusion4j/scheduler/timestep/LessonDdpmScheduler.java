// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.timestep;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.schedule.BetaSchedule;
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
import dev.diffusion4j.tensor.NoiseSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Ho et al. (2020), algorithm 2, as lessons write it: the mean from the predicted noise, u = (x − (1−α)/√(1−ᾱ)·ε̂)/√α, without a
 * look at x̂₀, plus noise of a chosen variance. Fewer steps than were trained take evenly spaced levels.
 */
public final class LessonDdpmScheduler extends VpScheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("lesson-ddpm", "LessonDdpmScheduler", Chain.BETAS, Config.DEFAULT, LessonDdpmScheduler::new);

    /** The variance of a step's noise. */
    public enum Variance implements Keyed {
        /** β of the step before: the lab on classifier-free guidance. */
        PREVIOUS_BETA("previous_beta"),
        /** (1−α)(1−ᾱ before)/(1−ᾱ), what follows from the chain. */
        POSTERIOR("posterior");

        private final String key;

        Variance(String key) {
            this.key = key;
        }

        @Override
        public String key() {
            return key;
        }
    }

    /**
     * Its settings.
     *
     * @param variance of a step's noise
     * @param clampSample whether each step's result is cut to {@link Scheduler#sampleRange()}
     */
    public record Config(
            int numTrainTimesteps,
            double betaStart,
            double betaEnd,
            BetaSchedule betaSchedule,
            @Nullable List<Double> trainedBetas,
            PredictionType predictionType,
            Variance variance,
            boolean clampSample)
            implements ChainConfig {
        public static final Config DEFAULT = new Config(
                150, 1e-4, 0.02, BetaSchedule.LINEAR, null, PredictionType.EPSILON, Variance.PREVIOUS_BETA, false);
    }

    private final Config config;

    /** With the given settings. */
    public LessonDdpmScheduler(Config config) {
        this(config, Map.of());
    }

    LessonDdpmScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys, EnumSet.allOf(BetaSchedule.class), ChainConfig.EPSILON_SAMPLE_V);
        this.config = config;
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        checkSteps(settings.numInferenceSteps());
        return new Run(checkedLevels(levels(settings.numInferenceSteps()), false));
    }

    /** From T−1 down to 0. */
    private double[] levels(int steps) {
        double[] levels = new double[steps];
        for (int i = 0; i < steps; i++) {
            levels[i] = steps == 1
                    ? config.numTrainTimesteps - 1
                    : Math.rint((double) (steps - 1 - i) * (config.numTrainTimesteps - 1) / (steps - 1));
        }
        return levels;
    }

    private final class Run extends VpRun {
        private final double[] levels;

        Run(double[] levels) {
            super(levels);
            this.levels = levels;
        }

        /** ᾱ {@code ahead} steps further; 1 past the end. */
        private double alphaBar(int ahead) {
            int index = stepIndex() + ahead;
            return index < levels.length ? schedule().alphasCumprod((int) levels[index]) : 1;
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            double alphaBar = alphaBar(0);
            double before = alphaBar(1);
            double alpha = alphaBar / before;
            Tensor epsilon = Combine.predEpsilon(predictionType(), signalRate(), noiseRate(), modelOutput, sample);
            Tensor next = Combine.sum(
                    1 / Math.sqrt(alpha), sample, -(1 - alpha) / Math.sqrt((1 - alphaBar) * alpha), epsilon);
            if (stepIndex() + 1 < levels.length) {
                double variance = config.variance == Variance.PREVIOUS_BETA
                        ? 1 - before / alphaBar(2)
                        : (1 - alpha) * (1 - before) / (1 - alphaBar);
                next = next.add(noise.like(sample).mul(new Scalar(Math.sqrt(variance))));
            }
            if (config.clampSample) {
                SampleRange range = sampleRange();
                next = range.clamp(next);
            }
            return new StepResult(next, predOriginalSample(modelOutput, sample));
        }
    }
}
