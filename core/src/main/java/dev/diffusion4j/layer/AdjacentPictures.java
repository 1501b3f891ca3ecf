// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.layer;

import static org.bytedeco.pytorch.global.torch.constant_pad_nd;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Convolutions of 3×3 over pictures of a few pixels, laid beside each other as one wide picture with a column of zeros between two. oneDNN's kernels work
 * along a line: with lines of three pixels they took 1.5 times as long, and twice as long with the gradient of the weight, zeros included. Where it was tried
 * the value was the same to the bit.
 */
final class AdjacentPictures {
    /** Pixels of a line up to which it is quicker, whatever the channels are. */
    private static final long MOST_WIDE = 3;

    private AdjacentPictures() {}

    /** Whether it is quicker for a convolution of 3×3 in bf16 on the CPU that keeps the size. */
    static boolean fit(Tensor sample) {
        return sample.size(3) > 0 && sample.size(3) <= MOST_WIDE && sample.size(2) > 0 && sample.size(0) > 1;
    }

    /**
     * @param sample (B, in, H, W)
     * @param convolution from (1, in, H, B·(W+1)), channels last, to (1, out, H, B·(W+1))
     * @return (B, out, H, W), channels last, on the graph
     */
    static Tensor convolve(Tensor sample, UnaryOperator<Tensor> convolution) {
        long batch = sample.size(0);
        long height = sample.size(2);
        long width = sample.size(3);
        Tensor apart = constant_pad_nd(sample.permute(0, 2, 3, 1), new long[] {0, 0, 0, 1}, new Scalar(0.0));
        Tensor wide = apart.permute(1, 0, 2, 3).reshape(1, height, batch * (width + 1), -1);
        Tensor made = convolution.apply(wide.permute(0, 3, 1, 2)).permute(0, 2, 3, 1);
        return made.reshape(height, batch, width + 1, -1)
                .narrow(2, 0, width)
                .permute(1, 0, 2, 3)
                .contiguous()
                .permute(0, 3, 1, 2);
    }
}
