// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.arange;
import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.constant_pad_nd;

import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Sines and cosines of t·10000^(−k/(half−shift)): Ho et al. (2020), after Vaswani et al. (2017). An odd number of features gets
 * a zero at the end.
 */
public final class SinusoidalProjection extends TimeProjection {
    private static final double MAX_PERIOD = 10000;

    private final Tensor frequencies;
    private final boolean cosineFirst;
    private final boolean odd;

    /**
     * @param features size of the result
     * @param cosineFirst {@code flip_sin_to_cos}
     * @param shift {@code freq_shift}
     */
    public SinusoidalProjection(int features, boolean cosineFirst, double shift) {
        int half = features / 2;
        this.cosineFirst = cosineFirst;
        this.odd = features % 2 == 1;
        // the reference's own order of f32 operations, for equal bits
        this.frequencies =
                TensorScope.ownResult(() -> arange(new Scalar(0), new Scalar(half), new TensorOptions(ScalarType.Float))
                        .mul(new Scalar(-Math.log(MAX_PERIOD)))
                        .div(new Scalar(half - shift))
                        .exp());
    }

    @Override
    public Tensor forward(Tensor timesteps) {
        return TensorScope.keepResult(() -> {
            Tensor angles = timesteps
                    .to(ScalarType.Float)
                    .unsqueeze(1)
                    .mul(frequencies.to(timesteps.device(), ScalarType.Float).unsqueeze(0));
            Tensor sine = angles.sin();
            Tensor cosine = angles.cos();
            Tensor both = cat(cosineFirst ? new TensorVector(cosine, sine) : new TensorVector(sine, cosine), -1);
            return odd ? constant_pad_nd(both, 0, 1) : both;
        });
    }

    @Override
    public void close() {
        frequencies.close();
        super.close();
    }
}
