// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.autoencoder;

import static org.bytedeco.pytorch.global.torch.cat;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A picture in overlapping tiles, one after the other, so that its size costs no memory but its own. Each tile has norms and attention of
 * its own, so the result differs a little from that of the whole; where tiles overlap, one fades into the next. The numbers are those of
 * diffusers' {@code AutoencoderKL}, whose tiles overlap by a quarter.
 *
 * @param tile height and width of what is given for a tile
 * @param step from one tile to the next
 * @param blend how far the result of a tile reaches into those of the next
 * @param limit height and width of what a tile's result brings to the whole
 */
record Tiling(int tile, int step, int blend, int limit) {
    private static final double OVERLAP = 0.25;

    /** From pictures to latents. */
    static Tiling encoding(AutoencoderKlConfig config) {
        int picture = config.sampleSize().height();
        int latent = latentTile(config);
        int blend = (int) (latent * OVERLAP);
        return new Tiling(picture, (int) (picture * (1 - OVERLAP)), blend, latent - blend);
    }

    /** From latents to pictures. */
    static Tiling decoding(AutoencoderKlConfig config) {
        int picture = config.sampleSize().height();
        int latent = latentTile(config);
        int blend = (int) (picture * OVERLAP);
        return new Tiling(latent, (int) (latent * (1 - OVERLAP)), blend, picture - blend);
    }

    /** Whether {@code sample_size} is a size that tiles can have: their overlaps are whole numbers. */
    static boolean isPossible(AutoencoderKlConfig config) {
        int size = config.sampleSize().height();
        return size > 0 && size % (4 * config.scaleFactor()) == 0;
    }

    private static int latentTile(AutoencoderKlConfig config) {
        int size = config.sampleSize().height();
        int tile = size / config.scaleFactor();
        Check.that(
                isPossible(config),
                "sample_size " + size + " is no size that an autoencoder can have tiles of: it must be a multiple of "
                        + 4 * config.scaleFactor());
        return tile;
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
        return TensorScope.keepResult(() -> {
            List<Tensor> rows = new ArrayList<>();
            List<Tensor> above = List.of();
            for (long y = 0; y < whole.size(2); y += step) {
                List<Tensor> row = row(whole, y, above, work);
                rows.add(joined(row));
                above.forEach(Tensor::close);
                above = row;
            }
            return cat(new TensorVector(rows.toArray(Tensor[]::new)), 2);
        });
    }

    /** Blended tiles, each whole. */
    private List<Tensor> row(Tensor whole, long y, List<Tensor> above, UnaryOperator<Tensor> work) {
        List<Tensor> row = new ArrayList<>();
        for (long x = 0; x < whole.size(3); x += step) {
            Tensor part = part(whole, y, x);
            int column = row.size();
            row.add(TensorScope.keepResult(() -> {
                Tensor made = work.apply(part);
                Tensor vertical = above.isEmpty() ? made : faded(above.get(column), made, 2);
                return column == 0 ? vertical : faded(row.get(column - 1), vertical, 3);
            }));
        }
        return row;
    }

    private Tensor part(Tensor whole, long y, long x) {
        return whole.narrow(2, y, Math.min(tile, whole.size(2) - y)).narrow(3, x, Math.min(tile, whole.size(3) - x));
    }

    /** {@code next}, whose beginning along {@code dim} is faded over from the end of {@code before}; a new tensor. */
    private Tensor faded(Tensor before, Tensor next, int dim) {
        long extent = Math.min(blend, Math.min(before.size(dim), next.size(dim)));
        float[] rising = new float[(int) extent];
        float[] falling = new float[(int) extent];
        for (int i = 0; i < extent; i++) {
            rising[i] = (float) ((double) i / extent);
            falling[i] = (float) (1 - (double) i / extent);
        }
        return TensorScope.keepResult(() -> {
            Tensor start = before.narrow(dim, before.size(dim) - extent, extent).mul(along(dim, falling, next));
            Tensor sum = start.add(next.narrow(dim, 0, extent).mul(along(dim, rising, next)));
            return cat(new TensorVector(sum, next.narrow(dim, extent, next.size(dim) - extent)), dim);
        });
    }

    private static Tensor along(int dim, float[] weights, Tensor like) {
        long[] shape = {1, 1, 1, 1};
        shape[dim] = weights.length;
        return Tensors.of(weights, shape).to(like.device(), ScalarType.Float).to(Tensors.type(like));
    }

    /** A row of the result. */
    private Tensor joined(List<Tensor> row) {
        return TensorScope.keepResult(() -> {
            Tensor[] parts = row.stream()
                    .map(part -> part.narrow(2, 0, Math.min(limit, part.size(2)))
                            .narrow(3, 0, Math.min(limit, part.size(3))))
                    .toArray(Tensor[]::new);
            return cat(new TensorVector(parts), 3);
        });
    }
}
