// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Sines and cosines of 2π·w·ln σ with fixed random w: Tancik et al. (2020), as Song et al. (2021) use it for VE models. */
public final class GaussianFourierProjection extends TimeProjection {
    private final Tensor weight;
    private final double scale;

    /**
     * @param features number of frequencies; the result has twice as many features
     * @param scale standard deviation of w
     */
    public GaussianFourierProjection(int features, double scale) {
        this.weight = buffer("weight", features);
        this.scale = scale;
    }

    @Override
    public Tensor forward(Tensor timesteps) {
        return TensorScope.keepResult(() -> {
            Tensor angles = timesteps
                    .to(ScalarType.Float)
                    .log()
                    .unsqueeze(1)
                    .mul(weight.to(ScalarType.Float).unsqueeze(0))
                    .mul(new Scalar(2.0))
                    .mul(new Scalar(Math.PI));
            return cat(new TensorVector(angles.sin(), angles.cos()), -1);
        });
    }

    @Override
    protected void initializeOwn(RandomStream random) {
        random.normal(weight, 0, 1); // the reference draws twice and keeps the second
        random.normal(weight, 0, 1);
        weight.mul_(new Scalar(scale));
    }
}
