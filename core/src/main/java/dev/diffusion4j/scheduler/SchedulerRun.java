// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * One run of a {@link Scheduler}: its timesteps and whatever the algorithm remembers from step to step. Not thread-safe; close
 * it to free what it remembers.
 *
 * <pre>for each timestep: output = network(scaleModelInput(sample), timestep); sample = step(output, sample).prevSample</pre>
 */
public abstract class SchedulerRun implements AutoCloseable {
    private final double[] timesteps;
    private int stepIndex;

    /** @param timesteps for each call of the network, in order */
    protected SchedulerRun(double[] timesteps) {
        this.timesteps = timesteps;
    }

    /** The timestep of each call of the network, in order; two-stage algorithms call it twice a step. A copy. */
    public final double[] timesteps() {
        return timesteps.clone();
    }

    /** Moves to the call at which the run begins. */
    final void begin(int call) {
        Check.that(
                call < timesteps.length,
                "the run has " + timesteps.length + " calls of the network and cannot begin with call " + call);
        if (call > 0) {
            checkBegin();
        }
        stepIndex = call;
    }

    /** @throws IllegalArgumentException where the algorithm cannot begin at a later step */
    protected void checkBegin() {}

    /** The index of the call that comes next: 0 at the start, or that of the run's first step. */
    public final int stepIndex() {
        return stepIndex;
    }

    /** The timestep of the call that comes next. */
    protected final double timestep() {
        return timesteps[stepIndex];
    }

    /** The standard deviation that x_T must have. */
    public double initNoiseSigma() {
        return 1;
    }

    /**
     * x_T.
     *
     * @param gaussian N(0, I), {@code float32 (B, C, H, W)}
     * @return a new tensor owned by the current scope
     */
    public Tensor initialSample(Tensor gaussian) {
        return gaussian.mul(new Scalar(initNoiseSigma()));
    }

    /**
     * The sample as the network's input at this step.
     *
     * @param sample {@code float32 (B, C, H, W)}
     * @return {@code sample} itself, or a new tensor owned by the current scope
     */
    public Tensor scaleModelInput(Tensor sample) {
        return sample;
    }

    /**
     * x̂₀ that follows from the network's output at this step, before clipping; differentiable; changes nothing.
     *
     * @param modelOutput {@code float32 (B, C, H, W)}
     * @param sample the unscaled sample, {@code float32 (B, C, H, W)}
     * @return {@code float32 (B, C, H, W)}, owned by the current scope
     */
    public abstract Tensor predOriginalSample(Tensor modelOutput, Tensor sample);

    /**
     * x̂₀ cut to its range as {@link #step} cuts it; differentiable, with the gradient 0 where it was cut.
     *
     * @return {@code predOriginal} itself where this algorithm cuts nothing, or a new tensor owned by the current scope
     */
    public Tensor clip(Tensor predOriginal) {
        return predOriginal;
    }

    /** x₀'s share in x = signalRate·x₀ + noiseRate·ε at the call that comes next. */
    public abstract double signalRate();

    /** ε's share at the call that comes next, see {@link #signalRate()}. */
    public abstract double noiseRate();

    /** The signal's share of the sample's variance at the call that comes next, in [0, 1]: ᾱ where there is one. */
    public double signalShare() {
        return signalRate() * signalRate() / sampleVariance();
    }

    /** The sample's variance at the call that comes next, for pictures and noise of variance 1. */
    public double sampleVariance() {
        return signalRate() * signalRate() + noiseRate() * noiseRate();
    }

    /**
     * A clean sample with the noise of the call that comes next: where a run begins at a later step, and what a region that is kept
     * becomes after a step.
     *
     * @param originalSample x₀, {@code float32 (B, C, H, W)}
     * @param noise ε, the same shape
     * @return a new tensor owned by the current scope; past the last call {@code originalSample} itself, which has no noise
     */
    public final Tensor addNoise(Tensor originalSample, Tensor noise) {
        return stepIndex == timesteps.length
                ? originalSample
                : Combine.sum(signalRate(), originalSample, noiseRate(), noise);
    }

    /**
     * Goes one call further.
     *
     * @param modelOutput {@code float32 (B, C, H, W)}; 2·C channels where the variance is predicted too
     * @param sample the unscaled sample that the output belongs to, {@code float32 (B, C, H, W)}
     * @param noise where fresh noise is drawn from
     * @return tensors owned by the current scope
     * @throws IllegalStateException past the last timestep
     */
    public final StepResult step(Tensor modelOutput, Tensor sample, NoiseSource noise) {
        if (stepIndex == timesteps.length) {
            throw new IllegalStateException(
                    "this run is over after " + stepIndex + " steps; call start(..) for a new one");
        }
        StepResult result = TensorScope.keepAll(() -> advance(modelOutput, sample, noise), StepResult::tensors);
        stepIndex++;
        return result;
    }

    /** The algorithm; {@link #stepIndex()} is the index of the call that {@code modelOutput} came from. */
    protected abstract StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise);

    /** Frees what the algorithm remembers. */
    @Override
    public void close() {}
}
