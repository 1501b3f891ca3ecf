// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import org.jspecify.annotations.Nullable;

/**
 * Group normalisation with a scale and a shift per channel, then a {@link Curve}, and its gradient, for one picture at a time:
 * pixels × channels with the channels side by side (channels last). A number for each channel may be added to the picture first
 * (a U-Net's time embedding), which costs nothing here. Sums are made in f32 and combined in double.
 *
 * <p>Wu and He (2018) for the norm. One object serves one thread; it keeps its scratch memory.
 */
public final class NormKernel {
    private final int channels;
    private final int groups;
    private final double eps;
    private final Curve curve;
    private final boolean bf16;
    /** Channels of one plane: even and odd channels apart for bf16, all together for f32. */
    private final int width;

    private final Plane[] planes;
    private final double[] groupSum;
    private final double[] groupSquares;
    /** What is added to each channel first. */
    private final float[] added;

    /** Scratch memory for the channels of one plane. */
    private static final class Plane {
        final float[] scale;
        final float[] offset;
        final float[] sum;
        final float[] product;
        final float[] shift;
        final float[] third;
        float[] x = {};
        float[] g = {};

        Plane(int width) {
            scale = new float[width];
            offset = new float[width];
            sum = new float[width];
            product = new float[width];
            shift = new float[width];
            third = new float[width];
        }

        void reserve(int size, boolean gradient) {
            if (x.length < size) {
                x = new float[size];
            }
            if (gradient && g.length < size) {
                g = new float[size];
            }
        }
    }

    /** @param bf16 whether pictures are packed bf16, two channels in an int, else floats */
    public NormKernel(int channels, int groups, double eps, Curve curve, boolean bf16) {
        this.channels = channels;
        this.groups = groups;
        this.eps = eps;
        this.curve = curve;
        this.bf16 = bf16;
        this.width = bf16 ? channels / 2 : channels;
        this.planes = new Plane[bf16 ? 2 : 1];
        for (int i = 0; i < planes.length; i++) {
            planes[i] = new Plane(width);
        }
        groupSum = new double[groups];
        groupSquares = new double[groups];
        added = new float[channels];
    }

    /** What is added to each channel of the pictures that follow: {@code channels} numbers from {@code from}, or nothing. */
    public void add(float @Nullable [] numbers, int from) {
        if (numbers == null) {
            java.util.Arrays.fill(added, 0);
        } else {
            System.arraycopy(numbers, from, added, 0, channels);
        }
    }

    /** Whether the loops take this many channels. */
    public static boolean fits(int channels, boolean bf16) {
        return VectorSupport.isAvailable() && channels % (bf16 ? 2 * VectorMath.LANES : VectorMath.LANES) == 0;
    }

    /**
     * Packed bf16: {@code picture} becomes the output.
     *
     * @param picture pixels·channels/2 ints
     * @param stats receives mean and 1/σ of each group
     */
    public void forward(int[] picture, int pixels, float[] weight, float[] bias, float[] stats) {
        int size = pixels * width;
        reserve(size, false);
        VectorMath.unpackBf16(picture, size, planes[0].x, planes[1].x);
        forwardPlanes(pixels, weight, bias, stats);
        VectorMath.packBf16(planes[0].x, planes[1].x, size, picture);
    }

    /** Floats: {@code picture} becomes the output. */
    public void forward(float[] picture, int pixels, float[] weight, float[] bias, float[] stats) {
        planes[0].x = picture;
        forwardPlanes(pixels, weight, bias, stats);
        planes[0].x = new float[0];
    }

    private void forwardPlanes(int pixels, float[] weight, float[] bias, float[] stats) {
        for (Plane plane : planes) {
            System.arraycopy(
                    plane.x, 0, plane.shift, 0, width); // the first pixel: near the mean, so that little cancels
            ChannelLoops.sums(plane.x, pixels, width, plane.shift, plane.sum, plane.product);
        }
        groupStatistics(pixels, stats);
        prepareAffine(weight, bias, stats);
        for (Plane plane : planes) {
            curve.affine(plane.x, pixels, width, plane.scale, plane.offset);
        }
    }

    /** Means and squared deviations of channels to those of groups: Chan et al. (1979). */
    private void groupStatistics(int pixels, float[] stats) {
        int perGroup = channels / groups;
        for (int group = 0; group < groups; group++) {
            double mean = 0;
            double squares = 0;
            for (int i = 0; i < perGroup; i++) {
                mean += channelMean(group * perGroup + i, pixels);
            }
            mean /= perGroup;
            for (int i = 0; i < perGroup; i++) {
                int channel = group * perGroup + i;
                Plane plane = plane(channel);
                int c = column(channel);
                double off = channelMean(channel, pixels) - mean;
                double own = plane.product[c] - (double) plane.sum[c] * plane.sum[c] / pixels;
                squares += Math.max(0, own) + off * off * pixels;
            }
            double variance = squares / ((double) perGroup * pixels);
            stats[2 * group] = (float) mean;
            stats[2 * group + 1] = (float) (1 / Math.sqrt(variance + eps));
        }
    }

    private double channelMean(int channel, int pixels) {
        Plane plane = plane(channel);
        int c = column(channel);
        return added[channel] + plane.shift[c] + (double) plane.sum[c] / pixels;
    }

    /** z = scale·x + offset for the picture without what is added. */
    private void prepareAffine(float[] weight, float[] bias, float[] stats) {
        int perGroup = channels / groups;
        for (int channel = 0; channel < channels; channel++) {
            int group = channel / perGroup;
            double scale = (double) weight[channel] * stats[2 * group + 1];
            plane(channel).scale[column(channel)] = (float) scale;
            plane(channel).offset[column(channel)] =
                    (float) (bias[channel] - scale * (stats[2 * group] - added[channel]));
        }
    }

    /**
     * Packed bf16: {@code gradient} of the output becomes that of the input.
     *
     * @param picture the input again; scratch afterwards
     * @param weightGradient its share is added
     * @param biasGradient its share is added
     * @param addedGradient receives the gradient of what was added, from {@code at}; {@code null} where it is not needed
     */
    public void backward(
            int[] gradient,
            int[] picture,
            int pixels,
            float[] weight,
            float[] bias,
            float[] stats,
            double[] weightGradient,
            double[] biasGradient,
            float @Nullable [] addedGradient,
            int at) {
        int size = pixels * width;
        reserve(size, true);
        VectorMath.unpackBf16(picture, size, planes[0].x, planes[1].x);
        VectorMath.unpackBf16(gradient, size, planes[0].g, planes[1].g);
        backwardPlanes(pixels, weight, bias, stats, weightGradient, biasGradient);
        sumPixels(pixels, addedGradient, at);
        VectorMath.packBf16(planes[0].g, planes[1].g, size, gradient);
    }

    /** Floats: {@code gradient} of the output becomes that of the input; the rest as for bf16. */
    public void backward(
            float[] gradient,
            float[] picture,
            int pixels,
            float[] weight,
            float[] bias,
            float[] stats,
            double[] weightGradient,
            double[] biasGradient,
            float @Nullable [] addedGradient,
            int at) {
        planes[0].x = picture;
        planes[0].g = gradient;
        backwardPlanes(pixels, weight, bias, stats, weightGradient, biasGradient);
        sumPixels(pixels, addedGradient, at);
        planes[0].x = new float[0];
        planes[0].g = new float[0];
    }

    private void backwardPlanes(
            int pixels, float[] weight, float[] bias, float[] stats, double[] weightGradient, double[] biasGradient) {
        prepareAffine(weight, bias, stats);
        for (Plane plane : planes) {
            curve.backward(plane.g, plane.x, pixels, width, plane.scale, plane.offset);
            ChannelLoops.gradientSums(plane.g, plane.x, pixels, width, plane.sum, plane.product);
        }
        gradientsOfParameters(stats, weight, weightGradient, biasGradient);
        prepareCombination(pixels, weight, stats);
        for (Plane plane : planes) {
            ChannelLoops.combine(plane.g, plane.x, pixels, width, plane.scale, plane.offset, plane.third);
        }
    }

    /** What is added to a channel reaches all of its pixels. */
    private void sumPixels(int pixels, float @Nullable [] into, int at) {
        if (into == null) {
            return;
        }
        for (Plane plane : planes) {
            ChannelLoops.sum(plane.g, pixels, width, plane.sum);
        }
        for (int channel = 0; channel < channels; channel++) {
            into[at + channel] = plane(channel).sum[column(channel)];
        }
    }

    private void gradientsOfParameters(float[] stats, float[] weight, double[] weightGradient, double[] biasGradient) {
        int perGroup = channels / groups;
        java.util.Arrays.fill(groupSum, 0);
        java.util.Arrays.fill(groupSquares, 0);
        for (int channel = 0; channel < channels; channel++) {
            int group = channel / perGroup;
            int c = column(channel);
            double sum = plane(channel).sum[c];
            double product = plane(channel).product[c] + added[channel] * sum;
            double normed = (product - stats[2 * group] * sum) * stats[2 * group + 1];
            weightGradient[channel] += normed;
            biasGradient[channel] += sum;
            groupSum[group] += weight[channel] * sum;
            groupSquares[group] += weight[channel] * normed;
        }
    }

    /** dx = p·dz + q·x + r, from dx = w/σ·dz − mean(w·dz)/σ − x̂·mean(w·dz·x̂)/σ over the group. */
    private void prepareCombination(int pixels, float[] weight, float[] stats) {
        int perGroup = channels / groups;
        double count = (double) perGroup * pixels;
        for (int channel = 0; channel < channels; channel++) {
            int group = channel / perGroup;
            int c = column(channel);
            double mean = stats[2 * group];
            double inverse = stats[2 * group + 1];
            double q = -inverse * inverse * groupSquares[group] / count;
            plane(channel).scale[c] = (float) (inverse * weight[channel]);
            plane(channel).offset[c] = (float) q;
            plane(channel).third[c] = (float) (-inverse * groupSum[group] / count - q * (mean - added[channel]));
        }
    }

    private Plane plane(int channel) {
        return bf16 ? planes[channel & 1] : planes[0];
    }

    private int column(int channel) {
        return bf16 ? channel >> 1 : channel;
    }

    private void reserve(int size, boolean gradient) {
        for (Plane plane : planes) {
            plane.reserve(size, gradient);
        }
    }
}
