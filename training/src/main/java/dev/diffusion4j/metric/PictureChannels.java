// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.Shapes;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** Grey to colour and back, for networks that take the other. */
final class PictureChannels {
    private static final double[] LUMA = {0.299, 0.587, 0.114}; // ITU-R 601, as Pillow

    private PictureChannels() {}

    /**
     * @param pictures (B, C, H, W), C 1 or 3
     * @param wanted 1 or 3
     * @return {@code pictures} itself where it has as many, or a new tensor owned by the current scope
     */
    static Tensor to(Tensor pictures, long wanted) {
        long channels = pictures.size(1);
        Check.that(
                (channels == 1 || channels == 3) && (wanted == 1 || wanted == 3),
                "pictures must have 1 or 3 channels, but the shape is " + Shapes.text(pictures));
        if (channels == wanted) {
            return pictures;
        }
        if (wanted == 3) {
            return cat(new TensorVector(pictures, pictures, pictures), 1);
        }
        return TensorScope.keepResult(() -> pictures.narrow(1, 0, 1)
                .mul(new Scalar(LUMA[0]))
                .add(pictures.narrow(1, 1, 1).mul(new Scalar(LUMA[1])))
                .add(pictures.narrow(1, 2, 1).mul(new Scalar(LUMA[2]))));
    }
}
