// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A learnt row for each whole timestep: {@code weight (T, features)}. */
public final class LearnedProjection extends TimeProjection {
    private final Tensor weight;

    public LearnedProjection(int trained, int features) {
        weight = parameter("weight", trained, features);
    }

    @Override
    public Tensor forward(Tensor timesteps) {
        return TensorScope.keepResult(() -> widened(torch.embedding(weight, timesteps.to(ScalarType.Long))));
    }

    @Override
    protected void initializeOwn(RandomStream random) {
        random.normal(weight, 0, 1);
    }
}
