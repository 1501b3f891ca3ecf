// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.linear;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/** x·Wᵀ + b: {@code weight (out, in)}, {@code bias (out)}. */
public final class Linear extends Adaptable {
    private final Tensor weight;
    private final Tensor bias;
    private final TensorOptional biasOptional;

    public Linear(long in, long out) {
        weight = parameter("weight", out, in);
        bias = parameter("bias", out);
        biasOptional = TensorScope.own(new TensorOptional(bias));
    }

    /**
     * @param features (…, in)
     * @return (…, out), a new tensor
     */
    public Tensor forward(Tensor features) {
        if (beside() == null) {
            return linear(features, weight, biasOptional);
        }
        return TensorScope.keepResult(() -> withLora(linear(features, weight, biasOptional), features));
    }

    @Override
    protected Tensor project(Tensor input, Tensor other) {
        return linear(input, other);
    }

    @Override
    protected Tensor expand(Tensor thin, Tensor other) {
        return linear(thin, other);
    }

    /** {@code (out, in)}; borrowed. */
    @Override
    public Tensor weight() {
        return weight;
    }

    /** {@code (out)}; borrowed. */
    public Tensor bias() {
        return bias;
    }

    @Override
    protected void initializeOwn(RandomStream random) {
        Init.kaiming(weight, bias, weight.size(1), random);
    }

    @Override
    public void close() {
        biasOptional.close();
        super.close();
    }
}
