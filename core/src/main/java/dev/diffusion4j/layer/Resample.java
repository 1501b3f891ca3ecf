// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.avg_pool2d;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.conv_transpose2d;
import static org.bytedeco.pytorch.global.torch.upsample_bilinear2d;
import static org.bytedeco.pytorch.global.torch.upsample_nearest2d;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/** Halving and doubling a sample without weights. All take (B, C, H, W) and return a new tensor. */
public final class Resample {
    /** The filter 1 3 3 1 of StyleGAN2, both ways, with sum 1. */
    private static final float[] FIR = firKernel();

    private Resample() {}

    /** What a {@link ResnetBlock} does to its size. */
    public enum Kind {
        NONE,
        /** Nearest neighbour ×2. */
        UP,
        /** Mean of 2×2. */
        DOWN,
        /** ×2 through the filter 1 3 3 1. */
        FIR_UP,
        /** ½ through the filter 1 3 3 1. */
        FIR_DOWN;

        Tensor apply(Tensor sample) {
            return switch (this) {
                case NONE -> sample;
                case UP -> nearestUp(sample);
                case DOWN -> meanDown(sample);
                case FIR_UP -> firUp(sample);
                case FIR_DOWN -> firDown(sample);
            };
        }
    }

    /** Each pixel becomes 2×2. */
    public static Tensor nearestUp(Tensor sample) {
        return nearest(sample, 2 * sample.size(2), 2 * sample.size(3));
    }

    /** To any size, each pixel from the nearest. */
    public static Tensor nearest(Tensor sample, long height, long width) {
        return upsample_nearest2d(sample, height, width);
    }

    /** Bilinear ×2 with half-pixel centres. */
    public static Tensor bilinearUp(Tensor sample) {
        return upsample_bilinear2d(sample, new long[] {2 * sample.size(2), 2 * sample.size(3)}, false);
    }

    /** The mean of each 2×2. */
    public static Tensor meanDown(Tensor sample) {
        return avg_pool2d(sample, 2);
    }

    /** Karras et al. (2020), StyleGAN2: zeros between the pixels, then the filter, gain 4. */
    public static Tensor firUp(Tensor sample) {
        return TensorScope.keepResult(() -> {
            Tensor kernel = kernel(sample).mul(new Scalar(4.0));
            Tensor planes = planes(sample);
            Tensor up = conv_transpose2d(
                    planes,
                    kernel,
                    new TensorOptional(),
                    new long[] {2, 2},
                    new long[] {1, 1},
                    new long[] {0, 0},
                    1,
                    1,
                    1);
            return up.view(sample.size(0), sample.size(1), 2 * sample.size(2), 2 * sample.size(3));
        });
    }

    /** Karras et al. (2020), StyleGAN2: the filter, then every second pixel. */
    public static Tensor firDown(Tensor sample) {
        return TensorScope.keepResult(() -> {
            Tensor down = conv2d(
                    planes(sample),
                    kernel(sample),
                    new TensorOptional(),
                    new long[] {2, 2},
                    new long[] {1, 1},
                    new long[] {1, 1},
                    1);
            return down.view(sample.size(0), sample.size(1), down.size(2), down.size(3));
        });
    }

    private static Tensor planes(Tensor sample) {
        return sample.contiguous().view(-1, 1, sample.size(2), sample.size(3));
    }

    private static Tensor kernel(Tensor like) {
        return Tensors.of(FIR, 1, 1, 4, 4).to(like.device(), Tensors.type(like));
    }

    private static float[] firKernel() {
        int[] row = {1, 3, 3, 1};
        float[] kernel = new float[16];
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 4; x++) {
                kernel[4 * y + x] = row[y] * row[x] / 64f;
            }
        }
        return kernel;
    }
}
