// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.tensor;

import java.util.function.DoubleUnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * Pictures in another size, antialiased as Pillow and torchvision do it: a filter as wide as the coarser of the two grids. A product
 * with one matrix for each direction, and so differentiable.
 */
public enum Resize {
    /** A triangle. */
    BILINEAR(1, x -> 1 - x),
    /** Keys' cubic with a = −½, Pillow's. */
    BICUBIC(2, x -> x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((-0.5 * x + 2.5) * x - 4) * x + 2);

    private final double reach;
    private final DoubleUnaryOperator filter;

    /**
     * @param reach beyond which the filter is 0
     * @param filter of distances from 0 up to there
     */
    Resize(double reach, DoubleUnaryOperator filter) {
        this.reach = reach;
        this.filter = filter;
    }

    /**
     * @param pictures {@code float32 (B, C, H, W)}
     * @return {@code float32 (B, C, height, width)}, a new tensor owned by the current scope; cubic values may lie a little beyond
     *     those of the picture
     */
    public Tensor to(Tensor pictures, long height, long width) {
        return TensorScope.keepResult(() -> down(across(pictures, width), height));
    }

    /** Only the width is changed; {@code (B, C, H, width)}. */
    public Tensor across(Tensor pictures, long width) {
        return TensorScope.keepResult(() ->
                pictures.matmul(weights((int) pictures.size(3), (int) width).t()));
    }

    /** Only the height is changed; {@code (B, C, height, W)}. */
    public Tensor down(Tensor pictures, long height) {
        return TensorScope.keepResult(
                () -> weights((int) pictures.size(2), (int) height).matmul(pictures));
    }

    /** What each of {@code to} samples takes of each of {@code from}: (to, from); every row sums up to 1. */
    private Tensor weights(int from, int to) {
        double scale = (double) from / to;
        double support = reach * Math.max(1, scale);
        float[] weights = new float[from * to];
        for (int i = 0; i < to; i++) {
            double centre = (i + 0.5) * scale;
            int low = Math.max(0, (int) (centre - support + 0.5));
            int high = Math.min(from, (int) (centre + support + 0.5));
            double sum = 0;
            double[] row = new double[high - low];
            for (int k = 0; k < row.length; k++) {
                double distance = Math.abs(k + low - centre + 0.5) * reach / support;
                row[k] = distance < reach ? filter.applyAsDouble(distance) : 0;
                sum += row[k];
            }
            for (int k = 0; k < row.length; k++) {
                weights[i * from + low + k] = (float) (row[k] / sum);
            }
        }
        return Tensors.of(weights, to, from);
    }
}
