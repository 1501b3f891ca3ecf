// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.sigma;

import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.scheduler.StepResult;
import dev.diffusion4j.scheduler.internal.Clipping;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.scheduler.internal.TensorHistory;
import dev.diffusion4j.tensor.NoiseSource;
import org.bytedeco.pytorch.Tensor;

/**
 * A run of second order: each step but the last calls the network twice, at the step's start and at a second level; the second
 * result decides where the step leads to from its start. The last step is a plain Euler step.
 */
abstract class TwoCallRun extends SigmaRun {
    private final Clipping clipping;
    private final double end;
    private final double[] levels;
    private final TensorHistory start = new TensorHistory(1);
    private final TensorHistory startDerivative = new TensorHistory(1);

    /**
     * @param levels of all calls: first, second, first, second, …, first
     * @param end where the last step leads to
     */
    TwoCallRun(
            PredictionType predictionType,
            Clipping clipping,
            double[] timesteps,
            double[] levels,
            double end,
            double initNoiseSigma) {
        super(predictionType, timesteps, levels, initNoiseSigma);
        this.clipping = clipping;
        this.levels = levels;
        this.end = end;
    }

    /**
     * Where step {@code i} leads to.
     *
     * @param sample at the step's start
     * @param first dx/dσ at the step's start
     * @param second dx/dσ at the second level
     */
    abstract Tensor finish(int i, Tensor sample, Tensor first, Tensor second, NoiseSource noise);

    @Override
    public Tensor clip(Tensor predOriginal) {
        return clipping.apply(predOriginal);
    }

    @Override
    protected final StepResult advance(Tensor modelOutput, Tensor sample, NoiseSource noise) {
        Tensor predOriginal = clip(predOriginalSample(modelOutput, sample));
        Tensor derivative = derivative(sample, predOriginal, sigma());
        if (stepIndex() % 2 == 1) {
            Tensor prevSample = finish(stepIndex() / 2, start.get(0), startDerivative.get(0), derivative, noise);
            close();
            return new StepResult(prevSample, predOriginal);
        }
        start.add(sample);
        startDerivative.add(derivative);
        double next = stepIndex() + 1 < levels.length ? levels[stepIndex() + 1] : end;
        return new StepResult(Combine.sum(1, sample, next - sigma(), derivative), predOriginal);
    }

    /** {@code a} first, then each of {@code between} with the one after it in {@code a}: the order of the calls. */
    static double[] interleave(double[] a, double[] between) {
        double[] calls = new double[2 * a.length - 1];
        for (int i = 0; i < a.length; i++) {
            calls[2 * i] = a[i];
            if (i > 0) {
                calls[2 * i - 1] = between[i - 1];
            }
        }
        return calls;
    }

    @Override
    public void close() {
        start.close();
        startDerivative.close();
    }
}
