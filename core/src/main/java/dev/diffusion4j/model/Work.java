// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.Precision;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What is to be computed, in floating-point operations, a multiplication and an addition counted as two.
 *
 * @param convolutions in convolutions
 * @param products in matrix products, without those of attention
 * @param attention in the products of attention
 * @param split the part of the convolutions that f32 takes fewer multiplications for; see {@link dev.diffusion4j.layer.Conv2d#isSplit}
 * @param spread numbers that are read and written for that
 * @param touched numbers that norms, activations and sums read and write
 */
public record Work(
        double convolutions, double products, double attention, double split, double spread, double touched) {
    /** None. */
    public static final Work NONE = new Work(0, 0, 0, 0, 0, 0);

    private static final double GIGA = 1e9;
    /** Winograd's transformation multiplies a quarter as often: Lavin &amp; Gray (2016) for 4×4 results. */
    private static final double MULTIPLIED = 0.25;
    /**
     * The operations of a convolution in f32 that take as long as a number in the loops before and after, and as one that a norm or an
     * activation reads and writes: from the rows of Stable Diffusion in bench/RESULTS.md.
     */
    private static final double SPREAD = 490;

    private static final double TOUCHED = 360;
    /** What attention takes beside its products, LibTorch's fused one in f32 and that of products in bf16: bench/README.md. */
    private static final double FUSED = 4.0 / 3;

    private static final double IN_HALF = FUSED * 2 / 3;

    /** Both. */
    public Work plus(Work other) {
        return new Work(
                convolutions + other.convolutions,
                products + other.products,
                attention + other.attention,
                split + other.split,
                spread + other.spread,
                touched + other.touched);
    }

    /** That often. */
    public Work times(double count) {
        return new Work(
                count * convolutions,
                count * products,
                count * attention,
                count * split,
                count * spread,
                count * touched);
    }

    /** All operations of convolutions and products. */
    public double operations() {
        return convolutions + products + attention;
    }

    /**
     * At the speed of a processor.
     *
     * @param precision f32 or bf16
     */
    public double seconds(SpeedProbe probe, Precision precision) {
        double convolution = Math.max(probe.convF32(), probe.packedF32());
        double product = Math.max(probe.productF32(), probe.packedProductF32());
        double passed = TOUCHED * touched / convolution + attention * FUSED / product;
        double multiplied =
                (convolutions - split + SPREAD * spread) / convolution + (products + MULTIPLIED * split) / product;
        if (precision == Precision.BF16) {
            boolean isFast = SpeedProbe.multipliesFast(ScalarType.BFloat16);
            passed = TOUCHED * touched / convolution + attention * (isFast ? IN_HALF : FUSED) / product;
            multiplied = convolutions / Math.max(probe.convBf16(), probe.packedBf16())
                    + products / Math.max(probe.productBf16(), probe.packedProductBf16());
        }
        return (passed + multiplied) / GIGA;
    }
}
