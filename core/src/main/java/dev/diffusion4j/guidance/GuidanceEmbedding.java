// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.guidance;

import static org.bytedeco.pytorch.global.torch.arange;
import static org.bytedeco.pytorch.global.torch.cat;
import static org.bytedeco.pytorch.global.torch.constant_pad_nd;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A guidance scale as a network is given it that was distilled with guidance, Meng et al. (2023): sines, then cosines, of
 * 1000·(scale − 1), as Kingma et al. (2021) embed the time; Luo et al. (2023) for latent consistency models.
 */
public final class GuidanceEmbedding {
    private static final double FACTOR = 1000;
    private static final double MAX_PERIOD = 10000;

    private GuidanceEmbedding() {}

    /**
     * @param scales one a picture, as classifier-free guidance counts them: 1 is none
     * @param features of each; an odd number gets a zero at the end
     * @return {@code float32 (B, features)} on the CPU, owned by the current scope
     */
    public static Tensor of(double[] scales, int features) {
        return TensorScope.keepResult(() -> {
            double[] above = new double[scales.length];
            for (int i = 0; i < above.length; i++) {
                above[i] = scales[i] - 1;
            }
            int half = features / 2;
            // the order of f32 operations of diffusers: angles are large, and a rounded frequency shows
            float logarithm = (float) Math.log(MAX_PERIOD) / (half - 1);
            Tensor frequencies = arange(new Scalar(0), new Scalar(half), new TensorOptions(ScalarType.Float))
                    .mul(new Scalar(-logarithm))
                    .exp();
            Tensor angles = Tensors.ofDoubles(above)
                    .to(ScalarType.Float)
                    .mul(new Scalar(FACTOR))
                    .unsqueeze(1)
                    .mul(frequencies.unsqueeze(0));
            Tensor both = cat(new TensorVector(angles.sin(), angles.cos()), 1);
            return features % 2 == 1 ? constant_pad_nd(both, 0, 1) : both;
        });
    }
}
