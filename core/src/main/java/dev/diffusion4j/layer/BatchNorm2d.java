// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.empty_like;

import dev.diffusion4j.kernel.BatchKernel;
import dev.diffusion4j.kernel.Curve;
import dev.diffusion4j.tensor.BackwardTape;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tensor.WeightMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.jspecify.annotations.Nullable;

/**
 * Zero mean and unit variance of each channel: of the batch while training, which moves the running statistics, else by these:
 * Ioffe &amp; Szegedy (2015). Then, if configured, a scale and a shift.
 */
public final class BatchNorm2d extends Layer {
    private final @Nullable Tensor weight;
    private final @Nullable Tensor bias;
    private final Tensor runningMean;
    private final Tensor runningVariance;
    private final TensorOptional weightOptional;
    private final TensorOptional biasOptional;
    private final TensorOptional meanOptional;
    private final TensorOptional varianceOptional;
    private final double momentum;
    private final double eps;
    private boolean frozen;

    /**
     * @param momentum share of the new batch in the running statistics
     * @param affine whether a scale and a shift follow
     */
    public BatchNorm2d(long channels, double eps, double momentum, boolean affine) {
        this.eps = eps;
        this.momentum = momentum;
        weight = affine ? parameter("weight", channels) : null;
        bias = affine ? parameter("bias", channels) : null;
        runningMean = buffer("running_mean", channels);
        runningVariance = buffer("running_var", channels);
        weightOptional = WeightMemory.optional(weight);
        biasOptional = WeightMemory.optional(bias);
        meanOptional = WeightMemory.optional(runningMean);
        varianceOptional = WeightMemory.optional(runningVariance);
    }

    /**
     * @param sample (B, C, H, W)
     * @return the same shape, a new tensor
     */
    public Tensor forward(Tensor sample) {
        return forward(sample, null);
    }

    /**
     * activation(norm(sample)); in one pass while training, where the JDK's vector loops are at hand.
     *
     * @param sample (B, C, H, W)
     * @param activation or {@code null}
     * @return the same shape, a new tensor
     */
    public Tensor forward(Tensor sample, @Nullable Activation activation) {
        return forward(sample, activation, null);
    }

    /**
     * activation(norm(sample)) + added.
     *
     * @param sample (B, C, H, W)
     * @param activation or {@code null}
     * @param added (B, C), made before the sample; {@code null} for nothing
     * @return (B, C, H, W), a new tensor
     */
    public Tensor forward(Tensor sample, @Nullable Activation activation, @Nullable Tensor added) {
        Curve curve = Activation.curve(activation);
        Optional<BackwardTape> tape = BackwardTape.current();
        boolean isOneNumber = sample.numel() == sample.size(1); // which LibTorch refuses in its own words
        boolean isOnGraph = sample.requires_grad() || added == null;
        if (tape.isPresent()
                && GradMode.is_enabled()
                && curve != null
                && !isOneNumber
                && isOnGraph
                && GroupNorm.isFusible(sample)) {
            return fused(tape.get(), sample, curve, added);
        }
        if (added != null) {
            return TensorScope.keepResult(
                    () -> forward(sample, activation).add(added.unsqueeze(2).unsqueeze(3)));
        }
        return TensorScope.keepResult(() -> {
            Tensor normed = batch_norm(
                    sample,
                    widened(weight, weightOptional),
                    widened(bias, biasOptional),
                    widened(runningMean, meanOptional),
                    widened(runningVariance, varianceOptional),
                    ofBatch(),
                    momentum,
                    eps,
                    false);
            return activation == null ? normed : activation.applyToTemporary(normed);
        });
    }

    private TensorOptional widened(@Nullable Tensor own, TensorOptional optional) {
        return isStored() && own != null ? new TensorOptional(widened(own)) : optional;
    }

    /** Of a stored network the statistics do not learn either. */
    private boolean ofBatch() {
        return TrainingMode.isActive() && !frozen && !isStored();
    }

    private Tensor fused(BackwardTape tape, Tensor sample, Curve curve, @Nullable Tensor added) {
        return TensorScope.keepResult(() -> {
            boolean ofBatch = ofBatch();
            BatchPasses passes = new BatchPasses(sample, curve, added == null ? null : Tensors.floats(added));
            Tensor value;
            Tensor input;
            BatchPasses.Affine affine;
            try (NoGradGuard guard = new NoGradGuard()) {
                input = sample.detach();
                BatchPasses.Statistics statistics = ofBatch ? passes.statistics(input) : running(passes.count());
                int channels = Math.toIntExact(sample.size(1));
                affine = passes.affine(
                        statistics,
                        eps,
                        weight == null ? BatchKernel.ones(channels) : Tensors.floats(weight),
                        bias == null ? new float[channels] : Tensors.floats(bias));
                value = empty_like(input);
                passes.apply(input, affine, value);
                if (ofBatch) {
                    moveRunning(statistics);
                }
            }
            if (!sample.requires_grad()) {
                return value;
            }
            Tensor kept = tape.keep(input);
            if (added == null || !added.requires_grad()) {
                return tape.record(
                        sample, value, gradient -> backward(tape, passes, affine, kept, ofBatch, gradient, null));
            }
            long[] shape = Tensors.shape(added);
            return tape.recordWith(sample, added, value, (gradient, side) -> {
                double[][] ofAdded = new double[(int) shape[0]][(int) shape[1]];
                Tensor result = backward(tape, passes, affine, kept, ofBatch, gradient, ofAdded);
                set(side, ofAdded);
                return result;
            });
        });
    }

    private static void set(BackwardTape.SideGradient side, double[][] rows) {
        double[] all = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
        TensorScope.run(() -> side.set(Tensors.ofDoubles(all).view(rows.length, rows[0].length)));
    }

    private Tensor backward(
            BackwardTape tape,
            BatchPasses passes,
            BatchPasses.Affine affine,
            Tensor input,
            boolean ofBatch,
            Tensor gradient,
            double @Nullable [][] ofAdded) {
        return TensorScope.keepResult(() -> {
            Tensor last = gradient.contiguous(MemoryFormat.ChannelsLast).to(Tensors.type(input));
            BatchPasses.ParameterGradients parameters =
                    ofBatch || learns() ? passes.parameterGradients(last, input, affine, ofAdded) : null;
            if (parameters != null && weight != null && bias != null) {
                Gradients.add(weight, parameters.weight());
                Gradients.add(bias, parameters.bias());
            }
            Tensor result = last.is_alias_of(gradient) ? empty_like(last) : last;
            passes.inputGradient(
                    last, input, affine, ofBatch ? parameters : null, result, parameters == null ? ofAdded : null);
            tape.release(input);
            return result;
        });
    }

    private boolean learns() {
        return weight != null && bias != null && (weight.requires_grad() || bias.requires_grad());
    }

    private BatchPasses.Statistics running(long count) {
        return new BatchPasses.Statistics(doubles(runningMean), doubles(runningVariance), count);
    }

    private static double[] doubles(Tensor tensor) {
        float[] floats = Tensors.floats(tensor);
        return IntStream.range(0, floats.length).mapToDouble(i -> floats[i]).toArray();
    }

    /** The running variance's divisor is the count less one. */
    private void moveRunning(BatchPasses.Statistics batch) {
        TensorScope.run(() -> {
            Scalar rest = new Scalar(1 - momentum);
            Scalar mean = new Scalar(momentum);
            Scalar variance = new Scalar(momentum * batch.count() / (batch.count() - 1));
            runningMean.mul_(rest).add_(Tensors.ofDoubles(batch.mean()), mean);
            runningVariance.mul_(rest).add_(Tensors.ofDoubles(batch.variance()), variance);
        });
    }

    /** Uses the running statistics, and leaves them as they are, while training too. */
    public void freezeStatistics() {
        frozen = true;
    }

    /** Whether it takes the batch's own statistics while training; not after {@link #freezeStatistics}. */
    public boolean looksAtBatch() {
        return !frozen && !isStored();
    }

    /** All in {@code root}. */
    public static List<BatchNorm2d> in(Layer root) {
        List<BatchNorm2d> found = new ArrayList<>();
        root.childLayers().values().forEach(layer -> {
            if (layer instanceof BatchNorm2d norm) {
                found.add(norm);
            }
            found.addAll(in(layer));
        });
        return found;
    }

    @Override
    protected void initializeOwn(RandomStream random) {
        if (weight != null && bias != null) {
            Init.fill(weight, 1);
            Init.fill(bias, 0);
        }
        Init.fill(runningMean, 0);
        Init.fill(runningVariance, 1);
    }

    @Override
    public void close() {
        weightOptional.close();
        biasOptional.close();
        meanOptional.close();
        varianceOptional.close();
        super.close();
    }
}
