// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples;

import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.scheduler.Algorithm;
import dev.diffusion4j.scheduler.SamplingSettings;
import dev.diffusion4j.scheduler.Scheduler;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.tensor.NoiseSource;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * A sampling algorithm of your own: DDIM on timesteps that lie closer together where little noise is left, the "quadratic" ones
 * of Song et al. (2020), appendix D.2. Use it by {@code pipeline.withScheduler(new YourOwnScheduler(2, pipeline.scheduler()))}.
 */
public final class YourOwnScheduler extends Scheduler {
    /** Its settings; they are saved with the model. */
    public record Config(double power) {}

    private final double power;
    private final Scheduler trained;

    /** For the network that {@code trained} goes with. */
    public YourOwnScheduler(double power, Scheduler trained) {
        super(new Config(power), trained.config());
        this.power = power;
        this.trained = SchedulerKind.DDIM.create(trained.config());
    }

    @Override
    public Algorithm algorithm() {
        return SchedulerKind.DDIM.algorithm(); // what a saved folder names, because others know it
    }

    @Override
    public PredictionType predictionType() {
        return trained.predictionType();
    }

    @Override
    public int numTrainTimesteps() {
        return trained.numTrainTimesteps();
    }

    @Override
    public double signalRate(double timestep) {
        return timestep < 0 ? 1 : trained.signalRate(timestep);
    }

    @Override
    public double noiseRate(double timestep) {
        return timestep < 0 ? 0 : trained.noiseRate(timestep);
    }

    @Override
    protected SchedulerRun newRun(SamplingSettings settings) {
        int steps = settings.numInferenceSteps();
        checkSteps(steps);
        return new Run(IntStream.range(0, steps)
                .mapToDouble(i -> Math.rint(Math.pow(1 - (double) i / steps, power) * (numTrainTimesteps() - 1)))
                .toArray());
    }

    /** What changes from step to step lives here, so that the scheduler may serve many threads. */
    private final class Run extends SchedulerRun {
        Run(double[] timesteps) {
            super(timesteps);
        }

        @Override
        public Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
            double[] c = predictionType().predOriginalSampleCoefficients(signalRate(), noiseRate());
            return sample.mul(new Scalar(c[0] / c[2])).add(modelOutput, new Scalar(c[1] / c[2]));
        }

        @Override
        public double signalRate() {
            return YourOwnScheduler.this.signalRate(timestep());
        }

        @Override
        public double noiseRate() {
            return YourOwnScheduler.this.noiseRate(timestep());
        }

        @Override
        protected StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
            double[] all = timesteps();
            double next = stepIndex() + 1 < all.length ? all[stepIndex() + 1] : -1;
            Tensor predOriginal = predOriginalSample(modelOutput, sample);
            double ratio = YourOwnScheduler.this.noiseRate(next) / noiseRate();
            // √ᾱ′·x̂₀ + √(1−ᾱ′)·ε̂, with ε̂ = (x − √ᾱ·x̂₀)/√(1−ᾱ)
            double kept = YourOwnScheduler.this.signalRate(next) - ratio * signalRate();
            Tensor prevSample = sample.mul(new Scalar(ratio)).add(predOriginal, new Scalar(kept));
            return new StepResult(prevSample, predOriginal);
        }
    }
}
