// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.solver;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.schedule.LambdaTable;
import dev.diffusion4j.schedule.PredictionType;
import dev.diffusion4j.schedule.SigmaTable;
import dev.diffusion4j.scheduler.SchedulerRun;
import dev.diffusion4j.scheduler.config.AlgorithmType;
import dev.diffusion4j.scheduler.config.SolverConfig;
import dev.diffusion4j.scheduler.internal.Clipping;
import dev.diffusion4j.scheduler.internal.Combine;
import dev.diffusion4j.scheduler.internal.ExponentialStep;
import dev.diffusion4j.scheduler.internal.TensorHistory;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** What the runs of exponential integrators remember: their levels, and what was integrated at the last steps. */
abstract class SolverRun extends SchedulerRun {
    private final SolverConfig config;
    private final Clipping clipping;

    /** The run's levels; {@link #stepIndex()} is the one where the network is called. */
    final LambdaTable levels;

    /** What the solver integrates, x̂₀ or ε̂, at the last steps. */
    final TensorHistory outputs;

    SolverRun(SolverConfig config, Clipping clipping, SigmaTable table) {
        super(table.timesteps());
        this.config = config;
        this.clipping = clipping;
        this.levels = checked(new LambdaTable(table, config.useFlowSigmas()));
        this.outputs = new TensorHistory(config.solverOrder());
    }

    /** Levels that can be divided by: λ is finite before the end, and rises; the last step may lead nowhere. */
    private static LambdaTable checked(LambdaTable levels) {
        for (int i = 0; i < levels.size(); i++) {
            Check.that(
                    Double.isFinite(levels.lambda(i)),
                    "noise level " + i
                            + " of the run leaves no signal or no noise; the scheduler's betas, flow_shift, mu,"
                            + " sigma_min and sigma_max decide it");
            boolean last = i + 1 == levels.size();
            Check.that(
                    levels.lambda(i + 1) > levels.lambda(i) || last && levels.lambda(i + 1) == levels.lambda(i),
                    "the noise levels of a run must fall, but level " + (i + 1) + " is not below level " + i
                            + "; the scheduler's sigma_min and sigma_max decide it, and the number of {steps}");
        }
        return levels;
    }

    @Override
    public final double signalRate() {
        return levels.alpha(stepIndex());
    }

    @Override
    public final double noiseRate() {
        return levels.sigma(stepIndex());
    }

    @Override
    public final Tensor predOriginalSample(Tensor modelOutput, Tensor sample) {
        return TensorScope.keepResult(() -> Combine.predOriginal(
                config.predictionType(), signalRate(), noiseRate(), config.mean(modelOutput, sample), sample));
    }

    @Override
    public final Tensor clip(Tensor predOriginal) {
        return clipping.apply(predOriginal);
    }

    /** ε̂ that follows from the network's output. */
    final Tensor predEpsilon(Tensor modelOutput, Tensor sample) {
        return TensorScope.keepResult(() -> Combine.predEpsilon(
                config.predictionType(), signalRate(), noiseRate(), config.mean(modelOutput, sample), sample));
    }

    /** x̂₀ that goes with ε̂. */
    final Tensor originalOf(Tensor epsilon, Tensor sample) {
        return Combine.predOriginal(PredictionType.EPSILON, signalRate(), noiseRate(), epsilon, sample);
    }

    /** ε̂ that goes with x̂₀. */
    final Tensor epsilonOf(Tensor predOriginal, Tensor sample) {
        return Combine.difference(sample, Combine.scale(signalRate(), predOriginal), noiseRate());
    }

    /**
     * Adds to the outputs what the equation integrates: x̂₀, or ε̂, which follows x̂₀ where that is cut at a threshold.
     *
     * @return x̂₀, cut
     */
    final Tensor remember(AlgorithmType type, Tensor modelOutput, Tensor sample) {
        if (type.predictsOriginal()) {
            Tensor predOriginal = clip(predOriginalSample(modelOutput, sample));
            outputs.add(predOriginal);
            return predOriginal;
        }
        Tensor epsilon = predEpsilon(modelOutput, sample);
        Tensor predOriginal = clip(originalOf(epsilon, sample));
        outputs.add(config.thresholding() ? epsilonOf(predOriginal, sample) : epsilon);
        return predOriginal;
    }

    /** The fresh noise of a step of the stochastic equation; drawn at the last step too, where its share is 0, as in the reference. */
    static Tensor addFresh(ExponentialStep step, Tensor prevSample, NoiseSource noise) {
        return step.type().isStochastic()
                ? prevSample.add(noise.like(prevSample), new Scalar(step.noiseWeight()))
                : prevSample;
    }

    /** As many as there are outputs; lower again at the end of a short run, and 1 at the end where {@code euler}. */
    final int multistepOrder(boolean euler) {
        int left = levels.size() - stepIndex();
        boolean lower = config.lowerOrderFinal() && levels.size() < 15;
        int most = left == 1 && euler ? 1 : lower ? left : outputs.size();
        return Math.min(most, outputs.size());
    }

    /** weights[0]·outputs[0] + …, newest first, and sampleWeight·sample. */
    final Tensor combine(double sampleWeight, Tensor sample, double[] weights) {
        double[] all = new double[weights.length + 1];
        all[0] = sampleWeight;
        System.arraycopy(weights, 0, all, 1, weights.length);
        List<Tensor> tensors = new ArrayList<>(outputs.all());
        tensors.add(0, sample);
        return Combine.sum(all, tensors);
    }

    @Override
    public void close() {
        outputs.close();
    }
}
