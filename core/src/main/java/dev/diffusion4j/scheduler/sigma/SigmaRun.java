// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.sigma;

import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.internal.Combine;
import org.bytedeco.pytorch.Tensor;

/** A run by noise levels, x = x₀ + σ·ε. */
abstract class SigmaRun extends SchedulerRun {
    private final PredictionType predictionType;
    private final double[] levels;
    private final double initNoiseSigma;

    /** @param levels σ at each call of the network */
    SigmaRun(PredictionType predictionType, double[] timesteps, double[] levels, double initNoiseSigma) {
        super(timesteps);
        this.predictionType = predictionType;
        this.levels = levels;
        this.initNoiseSigma = initNoiseSigma;
    }

    /** σ at the call that comes next. */
    final double sigma() {
        return levels[stepIndex()];
    }

    @Override
    public double initNoiseSigma() {
        return initNoiseSigma;
    }

    @Override
    public Tensor scaleModelInput(Tensor sample) {
        return Combine.scale(1 / Math.hypot(1, sigma()), sample);
    }

    @Override
    public Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
        return predOriginalSample(modelOutput, sample, sigma());
    }

    @Override
    public final double signalRate() {
        return 1;
    }

    @Override
    public final double noiseRate() {
        return sigma();
    }

    /** x̂₀ where the network was called at {@code sigma}. */
    final Tensor predOriginalSample(Tensor modelOutput, Tensor sample, double sigma) {
        if (predictionType == PredictionType.V_PREDICTION) { // of the sample that the network saw
            double scale = 1 / Math.hypot(1, sigma);
            return Combine.sum(scale * scale, sample, -sigma * scale, modelOutput);
        }
        return Combine.predOriginal(predictionType, 1, sigma, modelOutput, sample);
    }

    /** dx/dσ of the probability-flow equation: Karras et al. (2022), eq. 4 with σ(t) = t. */
    static Tensor derivative(Tensor sample, Tensor predOriginalSample, double sigma) {
        return Combine.difference(sample, predOriginalSample, sigma);
    }
}
