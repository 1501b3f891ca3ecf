// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.embedding;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;

/** A learnt row for each of n ids: {@code weight (n, D)}. */
public final class Embedding extends Layer {
    private final Tensor weight;

    public Embedding(long count, long features) {
        weight = parameter("weight", count, features);
    }

    /**
     * @param ids {@code int64 (B)}, each in 0 … n−1
     * @return (B, D), a new tensor
     */
    public Tensor forward(Tensor ids) {
        return isStored() ? TensorScope.keepResult(() -> widened(embedding(weight, ids))) : embedding(weight, ids);
    }

    /** {@code (n, D)}; borrowed. */
    public Tensor weight() {
        return weight;
    }

    /** n. */
    public long count() {
        return weight.size(0);
    }

    @Override
    protected void initializeOwn(RandomStream random) {
        random.normal(weight, 0, 1);
    }
}
