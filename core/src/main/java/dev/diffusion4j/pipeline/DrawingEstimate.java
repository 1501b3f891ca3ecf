// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.model.Work;
import dev.diffusion4j.processor.SpeedProbe;
import dev.diffusion4j.tensor.Precision;

/**
 * What a call will take, worked out from the configs of its networks before anything is computed.
 *
 * @param peakBytes of the whole process
 * @param weightBytes of the largest set of networks that is in memory at a time
 * @param work what is computed
 * @param read numbers of weights that are read from files, each time that they are
 * @param isLeast whether more is needed than is counted here: gradients of losses that steer
 */
public record DrawingEstimate(double peakBytes, double weightBytes, Work work, double read, boolean isLeast) {
    /** Of a number that is read, converted and put in order: 434 MiB of f32 weights to the first step, bench/RESULTS.md. */
    private static final double SECONDS_OF_NUMBER = 6e-9;

    /** Of {@link #peakBytes} what every process takes that draws. */
    public static double processBytes() {
        return CallEstimator.PROCESS_BYTES;
    }

    /** Of {@link #peakBytes} what the drawing takes beside the process and the networks. */
    public double drawingBytes() {
        return Math.max(0, peakBytes - processBytes() - weightBytes);
    }

    /**
     * At the speed of a processor.
     *
     * @param precision f32 or bf16
     */
    public double seconds(SpeedProbe probe, Precision precision) {
        return work.seconds(probe, precision) + SECONDS_OF_NUMBER * read;
    }
}
