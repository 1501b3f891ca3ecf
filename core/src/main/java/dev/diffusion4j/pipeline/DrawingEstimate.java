// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.Precision;

/**
 * What a call will take, worked out from the configs of its networks before anything is computed.
 *
 * @param peakBytes of the whole process
 * @param weightBytes of the largest set of networks that is in memory at a time
 * @param convolutions floating-point operations in convolutions
 * @param products the same in matrix products
 */
public record DrawingEstimate(double peakBytes, double weightBytes, double convolutions, double products) {
    private static final double GIGA = 1e9;

    /**
     * At the speed of a processor.
     *
     * @param precision f32 or bf16
     */
    public double seconds(SpeedProbe probe, Precision precision) {
        boolean half = precision == Precision.BF16;
        double convolution =
                half ? Math.max(probe.convBf16(), probe.packedBf16()) : Math.max(probe.convF32(), probe.packedF32());
        double product = half
                ? Math.max(probe.productBf16(), probe.packedProductBf16())
                : Math.max(probe.productF32(), probe.packedProductF32());
        return (convolutions / convolution + products / product) / GIGA;
    }
}
