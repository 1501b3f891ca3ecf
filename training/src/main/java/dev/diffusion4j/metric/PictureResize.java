// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.metric;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.tensor.Resize;
import dev.diffusion4j.tensor.TensorScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** How a picture is brought to the size that a network takes. Figures depend on it: Parmar et al. (2022). */
public enum PictureResize implements Keyed {
    /** Bicubic with antialiasing in floating point, cut to [0, 1]: clean-fid's, which is Pillow's. */
    CLEAN("clean") {
        @Override
        Tensor resize(Tensor pictures, long[] size) {
            return Resize.BICUBIC
                    .to(pictures, size[0], size[1])
                    .clamp_min(new Scalar(0.0))
                    .clamp_max(new Scalar(1.0));
        }
    },
    /** Bilinear between the four nearest pixels, so that a large picture is picked at: pytorch-fid's, and that of Keras. */
    LEGACY("legacy") {
        @Override
        Tensor resize(Tensor pictures, long[] size) {
            return torch.upsample_bilinear2d(pictures, size, false, new DoubleOptional(), new DoubleOptional());
        }
    };

    private final String key;

    PictureResize(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    abstract Tensor resize(Tensor pictures, long[] size);

    /**
     * @param pictures {@code float32 (B, C, H, W)} in [0, 1]
     * @return {@code float32 (B, C, height, width)}: {@code pictures} itself where they have this size, or a new tensor owned by
     *     the current scope
     */
    public Tensor apply(Tensor pictures, long height, long width) {
        if (pictures.size(2) == height && pictures.size(3) == width) {
            return pictures;
        }
        return TensorScope.keepResult(() -> resize(pictures, new long[] {height, width}));
    }
}
