// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Group normalisation with a scale and a shift per channel, then SiLU or nothing, without a gradient: Wu &amp; He (2018). A picture is
 * worked on in chunks of a few pixels that stay in the cache: first {@link #sums} of every chunk, then one {@link #affine}, then
 * {@link #apply} on every chunk. The chunks do not depend on the number of threads, so neither does the result.
 *
 * <p>A chunk is pixels × channels with the channels side by side, as floats or as packed bf16, two channels in an int. Per-channel
 * numbers for packed bf16 stand with all even channels first, then all odd ones ({@link #column}). Stateless.
 */
public final class NormForward {
    /** Numbers in a chunk, about: 64 KiB of bf16. */
    private static final int CHUNK = 32_768;

    private static final int HIGH_HALF = 0xFFFF0000;

    private NormForward() {}

    /** Pixels of a chunk. */
    public static int chunkPixels(int channels) {
        return Math.max(1, CHUNK / channels);
    }

    /** Where the numbers of a channel stand. */
    public static int column(int channel, int channels, boolean bf16) {
        return bf16 ? (channel & 1) * (channels / 2) + (channel >> 1) : channel;
    }

    /** sums[at + c] = Σ (x − shift[c]) and sums[at + channels + c] = Σ (x − shift[c])² over a chunk of floats. */
    public static void sums(float[] chunk, int pixels, int channels, float[] shift, float[] sums, int at) {
        for (int c = 0; c < channels; c += VectorMath.LANES) {
            FloatVector k = FloatVector.fromArray(VectorMath.FLOATS, shift, c);
            FloatVector a1 = FloatVector.zero(VectorMath.FLOATS);
            FloatVector a2 = a1;
            FloatVector b1 = a1;
            FloatVector b2 = a1;
            int i = c;
            int pixel = 0;
            for (; pixel + 1 < pixels; pixel += 2, i += 2 * channels) {
                FloatVector u =
                        FloatVector.fromArray(VectorMath.FLOATS, chunk, i).sub(k);
                FloatVector v = FloatVector.fromArray(VectorMath.FLOATS, chunk, i + channels)
                        .sub(k);
                a1 = a1.add(u);
                b1 = b1.add(v);
                a2 = u.fma(u, a2);
                b2 = v.fma(v, b2);
            }
            if (pixel < pixels) {
                FloatVector u =
                        FloatVector.fromArray(VectorMath.FLOATS, chunk, i).sub(k);
                a1 = a1.add(u);
                a2 = u.fma(u, a2);
            }
            a1.add(b1).intoArray(sums, at + c);
            a2.add(b2).intoArray(sums, at + channels + c);
        }
    }

    /** The same over a chunk of packed bf16. */
    public static void sums(int[] chunk, int pixels, int channels, float[] shift, float[] sums, int at) {
        int width = channels / 2;
        for (int c = 0; c < width; c += VectorMath.LANES) {
            FloatVector evenShift = FloatVector.fromArray(VectorMath.FLOATS, shift, c);
            FloatVector oddShift = FloatVector.fromArray(VectorMath.FLOATS, shift, width + c);
            FloatVector even1 = FloatVector.zero(VectorMath.FLOATS);
            FloatVector even2 = even1;
            FloatVector odd1 = even1;
            FloatVector odd2 = even1;
            for (int pixel = 0, i = c; pixel < pixels; pixel++, i += width) {
                IntVector both = IntVector.fromArray(VectorMath.INTS, chunk, i);
                FloatVector even = both.lanewise(VectorOperators.LSHL, 16)
                        .reinterpretAsFloats()
                        .sub(evenShift);
                FloatVector odd = both.lanewise(VectorOperators.AND, HIGH_HALF)
                        .reinterpretAsFloats()
                        .sub(oddShift);
                even1 = even1.add(even);
                odd1 = odd1.add(odd);
                even2 = even.fma(even, even2);
                odd2 = odd.fma(odd, odd2);
            }
            even1.intoArray(sums, at + c);
            odd1.intoArray(sums, at + width + c);
            even2.intoArray(sums, at + channels + c);
            odd2.intoArray(sums, at + channels + width + c);
        }
    }

    /**
     * From the sums of all chunks of a picture to y = scale·x + offset. Means and squared deviations of channels become those of
     * groups: Chan et al. (1979).
     *
     * @param sums of the chunks, one after the other from {@code from}, each 2·channels numbers
     * @param added what is added to each channel first, in plain order from {@code addedFrom}; empty for nothing
     * @param weight in plain order
     * @param bias in plain order
     * @param scale receives the scale at each {@link #column}
     * @param offset receives the offset at each {@link #column}
     */
    public static void affine(
            float[] sums,
            int from,
            int chunks,
            int pixels,
            Norm norm,
            float[] shift,
            float[] added,
            int addedFrom,
            float[] weight,
            float[] bias,
            float[] scale,
            float[] offset) {
        int channels = norm.channels;
        int perGroup = channels / norm.groups;
        double[] mean = new double[channels];
        double[] squares = new double[channels];
        moments(sums, from, chunks, pixels, norm, shift, added, addedFrom, mean, squares);
        for (int group = 0; group < norm.groups; group++) {
            double groupMean = 0;
            for (int channel = group * perGroup; channel < (group + 1) * perGroup; channel++) {
                groupMean += mean[channel] / perGroup;
            }
            double groupSquares = 0;
            for (int channel = group * perGroup; channel < (group + 1) * perGroup; channel++) {
                double off = mean[channel] - groupMean;
                groupSquares += squares[channel] + off * off * pixels;
            }
            double inverse = 1 / Math.sqrt(groupSquares / ((double) perGroup * pixels) + norm.eps);
            for (int channel = group * perGroup; channel < (group + 1) * perGroup; channel++) {
                int c = column(channel, channels, norm.bf16);
                double factor = weight[channel] * inverse;
                scale[c] = (float) factor;
                offset[c] = (float)
                        (bias[channel] - factor * (groupMean - (added.length == 0 ? 0 : added[addedFrom + channel])));
            }
        }
    }

    /** The mean and the squared deviations of each channel over all chunks, in plain order. */
    private static void moments(
            float[] sums,
            int from,
            int chunks,
            int pixels,
            Norm norm,
            float[] shift,
            float[] added,
            int addedFrom,
            double[] mean,
            double[] squares) {
        int channels = norm.channels;
        for (int channel = 0; channel < channels; channel++) {
            int c = column(channel, channels, norm.bf16);
            double first = 0;
            double second = 0;
            for (int i = from + c; i < from + chunks * 2 * channels; i += 2 * channels) {
                first += sums[i];
                second += sums[i + channels];
            }
            mean[channel] = shift[c] + first / pixels + (added.length == 0 ? 0 : added[addedFrom + channel]);
            squares[channel] = Math.max(0, second - first * first / pixels);
        }
    }

    /** What a norm is. */
    public record Norm(int channels, int groups, double eps, boolean bf16) {}

    /** A chunk of floats becomes scale·x + offset, or SiLU of it. */
    public static void apply(float[] chunk, int pixels, int channels, float[] scale, float[] offset, boolean silu) {
        if (silu) {
            ChannelLoops.affineSilu(chunk, pixels, channels, scale, offset, chunk);
        } else {
            ChannelLoops.affine(chunk, pixels, channels, scale, offset, chunk);
        }
    }

    /** The same for packed bf16; rounded to the nearest, halves to even. */
    public static void apply(int[] chunk, int pixels, int channels, float[] scale, float[] offset, boolean silu) {
        int width = channels / 2;
        for (int c = 0; c < width; c += VectorMath.LANES) {
            if (silu) {
                PackedLoops.affineSilu(chunk, pixels, width, c, scale, offset);
            } else {
                PackedLoops.affine(chunk, pixels, width, c, scale, offset);
            }
        }
    }
}
