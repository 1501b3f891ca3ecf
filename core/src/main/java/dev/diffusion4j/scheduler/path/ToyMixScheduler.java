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
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The toy corruption x = (1−a)·x₀ + a·u with uniform u, for a network that predicts x₀ and does not know a: the Hugging Face
 * diffusion course, unit 1, "diffusion models from scratch". A step of N goes the share 1/(steps left) of the way to x̂₀, which
 * keeps the mixture. The timestep is T·a. Pictures lie in [0, 1].
 */
public final class ToyMixScheduler extends Scheduler {
    /** Its names, and how it is made. */
    public static final Algorithm ALGORITHM =
            Algorithm.of("toy-mix", "ToyMixScheduler", Chain.TOY, Config.DEFAULT, ToyMixScheduler::new);

    /**
     * Its settings.
     *
     * @param numTrainTimesteps T: how many amounts are trained on, 1/T to 1
     * @param tellTime whether the network gets T·a as its timestep; else always 0
     */
    public record Config(int numTrainTimesteps, boolean tellTime) {
        public static final Config DEFAULT = new Config(1000, false);

        public Config {
            Check.inRange(numTrainTimesteps, 1, 1_000_000, "num_train_timesteps");
        }
    }

    private final Config config;

    /** With the given settings. */
    public ToyMixScheduler(Config config) {
        this(config, Map.of());
    }

    ToyMixScheduler(Config config, Map<String, @Nullable Object> unknownKeys) {
        super(config, unknownKeys);
        this.config = config;
    }

    @Override
    public Algorithm algorithm() {
        return ALGORITHM;
    }

    @Override
    public PredictionType predictionType() {
        return PredictionType.SAMPLE;
    }

    @Override
    public int numTrainTimesteps() {
        return config.numTrainTimesteps;
    }

    @Override
    public SampleRange sampleRange() {
        return SampleRange.UNIT;
    }

    @Override
    public double signalRate(double timestep) {
        return 1 - noiseRate(timestep);
    }

    @Override
    public double noiseRate(double timestep) {
        return Check.inRange(timestep, 0, config.numTrainTimesteps, "timestep") / config.numTrainTimesteps;
    }

    @Override
    public double trainTimestep(int index) {
        return Check.inRange(index, 0, config.numTrainTimesteps - 1, "index") + 1.0;
    }

    @Override
    public double networkTime(double timestep) {
        return config.tellTime ? timestep : 0;
    }

    /** U[0, 1): each value's rank among normal ones. */
    @Override
    public Tensor noise(Tensor gaussian) {
        return uniform(gaussian);
    }

    private static Tensor uniform(Tensor gaussian) {
        return TensorScope.keepResult(() -> gaussian.mul(new Scalar(Math.sqrt(0.5)))
                .erf()
                .add(new Scalar(1.0))
                .mul(new Scalar(0.5)));
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        checkSteps(settings.numInferenceSteps());
        double[] timesteps = new double[settings.numInferenceSteps()];
        for (int i = 0; i < timesteps.length; i++) {
            timesteps[i] = (double) config.numTrainTimesteps * (timesteps.length - i) / timesteps.length;
        }
        return new Run(timesteps);
    }

    private final class Run extends SchedulerRun {
        private final int steps;

        Run(double[] timesteps) {
            super(timesteps);
            this.steps = timesteps.length;
        }

        @Override
        public Tensor initialSample(Tensor gaussian) {
            return uniform(gaussian);
        }

        /** The output itself: what the sample is does not show in it but through the network. */
        @Override
        public Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
            return Combine.sum(1, modelOutput, 0, sample);
        }

        @Override
        public double signalRate() {
            return ToyMixScheduler.this.signalRate(timestep());
        }

        @Override
        public double noiseRate() {
            return ToyMixScheduler.this.noiseRate(timestep());
        }

        @Override
        public double signalShare() {
            return signalRate() * signalRate() / (signalRate() * signalRate() + noiseRate() * noiseRate());
        }

        @Override
        public double sampleVariance() {
            return 1;
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            double mix = 1.0 / (steps - stepIndex());
            return new StepResult(
                    Combine.sum(1 - mix, sample, mix, modelOutput), predOriginalSample(modelOutput, sample));
        }
    }
}
