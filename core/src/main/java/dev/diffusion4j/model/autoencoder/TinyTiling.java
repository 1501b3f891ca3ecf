// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.autoencoder;

import static org.bytedeco.pytorch.global.torch.zeros;

import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * As {@link Tiling}, with the numbers of diffusers' {@code AutoencoderTiny}: tiles overlap by an eighth, and each is laid over those before
 * it with a mask that rises from 0 to 1.
 *
 * @param tile height and width of what is given for a tile
 * @param scale how many times larger a picture is than its latent
 * @param enlarges from latents to pictures
 */
record TinyTiling(int tile, int scale, boolean enlarges) {
    private static final int PICTURE_TILE = 512;
    private static final double OVERLAP = 0.125;

    /** From pictures to latents. */
    static TinyTiling encoding(int scale) {
        return new TinyTiling(PICTURE_TILE, scale, false);
    }

    /** From latents to pictures. */
    static TinyTiling decoding(int scale) {
        return new TinyTiling(PICTURE_TILE / scale, scale, true);
    }

    private int overlap() {
        return (int) (tile * OVERLAP);
    }

    /** What a length becomes. */
    private long place(long length) {
        return enlarges ? length * scale : length / scale;
    }

    /** Whether a sample is larger than a tile. */
    boolean splits(Tensor sample) {
        return sample.size(2) > tile || sample.size(3) > tile;
    }

    /**
     * @param whole (B, C, H, W)
     * @param work from a tile to its result, a new tensor
     * @return the results joined, a new tensor
     */
    Tensor run(Tensor whole, UnaryOperator<Tensor> work) {
        int step = tile - overlap();
        return TensorScope.keepResult(() -> {
            Tensor result = null;
            for (long y = 0; y < whole.size(2); y += step) {
                for (long x = 0; x < whole.size(3); x += step) {
                    long top = y;
                    long left = x;
                    Tensor made = TensorScope.keepResult(() -> work.apply(part(whole, top, left)));
                    if (result == null) {
                        result = zeros(
                                new long[] {made.size(0), made.size(1), place(whole.size(2)), place(whole.size(3))},
                                made.options());
                    }
                    Tensor target = result;
                    TensorScope.run(() -> lay(made, target, top, left));
                    made.close();
                }
            }
            return java.util.Objects.requireNonNull(result);
        });
    }

    private Tensor part(Tensor whole, long y, long x) {
        return whole.narrow(2, y, Math.min(tile, whole.size(2) - y)).narrow(3, x, Math.min(tile, whole.size(3) - x));
    }

    /** Over what is there already, more and more from the tile's edges. */
    private void lay(Tensor made, Tensor result, long y, long x) {
        Tensor mask = ramp(y, 2, made).mul(ramp(x, 3, made));
        Tensor below = result.narrow(2, place(y), made.size(2)).narrow(3, place(x), made.size(3));
        Tensor over = mask.mul(made).add(mask.neg().add(new Scalar(1.0)).mul(below));
        below.copy_(over);
    }

    /** From 0 to 1 over the overlap along {@code dim}; ones at the edge of the whole. */
    private Tensor ramp(long start, int dim, Tensor like) {
        float[] values = new float[(int) like.size(dim)];
        float width = place(overlap()) - 1;
        for (int i = 0; i < values.length; i++) {
            values[i] = start == 0 ? 1 : Math.min(1, i / width);
        }
        long[] shape = {1, 1, 1, 1};
        shape[dim] = values.length;
        return Tensors.of(values, shape).to(like.device(), ScalarType.Float).to(Tensors.type(like));
    }
}
