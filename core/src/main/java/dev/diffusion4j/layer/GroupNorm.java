// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.group_norm;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/** Zero mean and unit variance within groups of channels, then a scale and a shift per channel: Wu & He (2018). */
public final class GroupNorm extends Layer {
    private final Tensor weight;
    private final Tensor bias;
    private final TensorOptional weightOptional;
    private final TensorOptional biasOptional;
    private final long groups;
    private final double eps;

    /** @throws IllegalArgumentException where the channels do not fall into equal groups */
    public GroupNorm(int groups, long channels, double eps) {
        Check.that(
                groups > 0 && channels % groups == 0,
                channels + " channels cannot be split into " + groups + " equal groups for group normalisation");
        this.groups = groups;
        this.eps = eps;
        weight = parameter("weight", channels);
        bias = parameter("bias", channels);
        weightOptional = TensorScope.own(new TensorOptional(weight));
        biasOptional = TensorScope.own(new TensorOptional(bias));
    }

    /**
     * @param sample (B, C, …)
     * @return the same shape, a new tensor
     */
    public Tensor forward(Tensor sample) {
        return group_norm(sample, groups, weightOptional, biasOptional, eps, true);
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
