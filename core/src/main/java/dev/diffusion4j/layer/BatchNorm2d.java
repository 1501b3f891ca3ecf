// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.batch_norm;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.jspecify.annotations.Nullable;

/**
 * Zero mean and unit variance of each channel: of the batch while training, which moves the running statistics, else by these:
 * Ioffe &amp; Szegedy (2015). Then, where wanted, a scale and a shift.
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
        weightOptional = optional(weight);
        biasOptional = optional(bias);
        meanOptional = optional(runningMean);
        varianceOptional = optional(runningVariance);
    }

    private static TensorOptional optional(@Nullable Tensor tensor) {
        return TensorScope.own(tensor == null ? new TensorOptional() : new TensorOptional(tensor));
    }

    /**
     * @param sample (B, C, H, W)
     * @return the same shape, a new tensor
     */
    public Tensor forward(Tensor sample) {
        boolean ofBatch = TrainingMode.isActive() && !frozen;
        return batch_norm(
                sample, weightOptional, biasOptional, meanOptional, varianceOptional, ofBatch, momentum, eps, false);
    }

    /** Uses the running statistics, and leaves them as they are, while training too. */
    public void freezeStatistics() {
        frozen = true;
    }

    /** Whether it takes the batch's own statistics while training; not after {@link #freezeStatistics}. */
    public boolean looksAtBatch() {
        return !frozen;
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
