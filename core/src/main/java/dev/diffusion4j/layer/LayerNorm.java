// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.layer_norm;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.WeightMemory;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/** Zero mean and unit variance over the last axis, then a scale and a shift: Ba et al. (2016). */
public final class LayerNorm extends Layer {
    private final Tensor weight;
    private final Tensor bias;
    private final TensorOptional weightOptional;
    private final TensorOptional biasOptional;
    private final long[] shape;
    private final double eps;

    public LayerNorm(long features, double eps) {
        shape = new long[] {features};
        this.eps = eps;
        weight = parameter("weight", features);
        bias = parameter("bias", features);
        weightOptional = WeightMemory.optional(weight);
        biasOptional = WeightMemory.optional(bias);
    }

    /**
     * @param features (…, D)
     * @return the same shape, a new tensor
     */
    public Tensor forward(Tensor features) {
        if (isStored()) {
            return TensorScope.keepResult(() -> layer_norm(
                    features,
                    shape,
                    new TensorOptional(widened(weight)),
                    new TensorOptional(widened(bias)),
                    eps,
                    false));
        }
        return layer_norm(features, shape, weightOptional, biasOptional, eps, false);
    }

    @Override
    protected void initializeOwn(RandomStream random) {
        Init.fill(weight, 1);
        Init.fill(bias, 0);
    }

    @Override
    public void close() {
        weightOptional.close();
        biasOptional.close();
        super.close();
    }
}
