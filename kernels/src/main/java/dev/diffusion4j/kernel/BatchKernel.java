// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The loops of batch normalisation, a {@link Curve} after it included, over chunks of pixels × channels with the channels side by side;
 * Ioffe &amp; Szegedy (2015). Numbers of channels stand in {@code float[planes][]}: all in one plane for floats, the even and the odd
 * channels in two for packed bf16 ({@link #spread}). One object serves one thread; it keeps its scratch memory.
 */
public final class BatchKernel {
    /** Numbers in a chunk, about: 64 KiB of bf16. */
    private static final int CHUNK = 32_768;

    private final Curve curve;
    private final boolean bf16;
    private final int width;
    private final float[][] x;
    private final float[][] g;
    private final float[] first;
    private final float[] second;

    /** @param bf16 whether chunks are packed bf16, two channels in an int, else floats */
    public BatchKernel(int channels, Curve curve, boolean bf16) {
        this.curve = curve;
        this.bf16 = bf16;
        width = bf16 ? channels / 2 : channels;
        x = new float[planes(bf16)][];
        g = new float[planes(bf16)][];
        for (int plane = 0; plane < x.length; plane++) {
            x[plane] = new float[chunkPixels(channels) * width];
            g[plane] = new float[chunkPixels(channels) * width];
        }
        first = new float[width];
        second = new float[width];
    }

    private static int planes(boolean bf16) {
        return bf16 ? 2 : 1;
    }

    /** The most pixels of a chunk. */
    public static int chunkPixels(int channels) {
        return Math.max(1, CHUNK / channels);
    }

    /** Numbers of channels, in plain order, as the loops take them. */
    public static float[][] spread(float[] plain, boolean bf16) {
        int planes = planes(bf16);
        float[][] result = new float[planes][plain.length / planes];
        for (int c = 0; c < plain.length; c++) {
            result[c % planes][c / planes] = plain[c];
        }
        return result;
    }

    /** Adds Σ (x − shift) of each channel, in plain order, to {@code sums}, and Σ (x − shift)² to {@code squares}. */
    public void sums(Object chunk, int pixels, float[][] shift, double[] sums, double[] squares) {
        unpack(chunk, pixels, x);
        for (int plane = 0; plane < x.length; plane++) {
            ChannelLoops.sums(x[plane], pixels, width, shift[plane], first, second);
            add(plane, sums, squares);
        }
    }

    private void add(int plane, double[] sums, double[] products) {
        for (int i = 0; i < width; i++) {
            sums[i * x.length + plane] += first[i];
            products[i * x.length + plane] += second[i];
        }
    }

    /**
     * The chunk becomes curve(scale·x + offset) + added.
     *
     * @param added {@code null} for nothing
     */
    public void apply(Object chunk, int pixels, float[][] scale, float[][] offset, float @Nullable [][] added) {
        unpack(chunk, pixels, x);
        for (int plane = 0; plane < x.length; plane++) {
            curve.affine(x[plane], pixels, width, scale[plane], offset[plane]);
            if (added != null) {
                ChannelLoops.add(x[plane], pixels, width, added[plane]);
            }
        }
        pack(x, pixels, chunk);
    }

    /**
     * With dz the gradient of scale·x + offset: adds Σ dz to {@code sums} and Σ dz·x to {@code products}, in plain order.
     *
     * @param ofAdded Σ of the gradient is added to it, in plain order; {@code null} where nobody asks
     */
    public void gradientSums(
            Object gradient,
            Object chunk,
            int pixels,
            float[][] scale,
            float[][] offset,
            double[] sums,
            double[] products,
            double @Nullable [] ofAdded) {
        read(gradient, chunk, pixels, scale, offset, ofAdded);
        for (int plane = 0; plane < x.length; plane++) {
            ChannelLoops.gradientSums(g[plane], x[plane], pixels, width, first, second);
            add(plane, sums, products);
        }
    }

    /**
     * The gradient of the output becomes p·dz + q·x + r.
     *
     * @param ofAdded as for {@link #gradientSums}
     */
    public void gradient(
            Object gradient,
            Object chunk,
            int pixels,
            float[][] scale,
            float[][] offset,
            float[][] p,
            float[][] q,
            float[][] r,
            double @Nullable [] ofAdded) {
        read(gradient, chunk, pixels, scale, offset, ofAdded);
        for (int plane = 0; plane < x.length; plane++) {
            ChannelLoops.combine(g[plane], x[plane], pixels, width, p[plane], q[plane], r[plane]);
        }
        pack(g, pixels, gradient);
    }

    private void read(
            Object gradient, Object chunk, int pixels, float[][] scale, float[][] offset, double @Nullable [] ofAdded) {
        unpack(chunk, pixels, x);
        unpack(gradient, pixels, g);
        for (int plane = 0; plane < x.length; plane++) {
            if (ofAdded != null) {
                ChannelLoops.sum(g[plane], pixels, width, first);
                for (int i = 0; i < width; i++) {
                    ofAdded[i * x.length + plane] += first[i];
                }
            }
            curve.backward(g[plane], x[plane], pixels, width, scale[plane], offset[plane]);
        }
    }

    private void unpack(Object chunk, int pixels, float[][] into) {
        if (bf16) {
            VectorMath.unpackBf16((int[]) chunk, pixels * width, into[0], into[1]);
        } else {
            System.arraycopy(chunk, 0, into[0], 0, pixels * width);
        }
    }

    private void pack(float[][] from, int pixels, Object chunk) {
        if (bf16) {
            VectorMath.packBf16(from[0], from[1], pixels * width, (int[]) chunk);
        } else {
            System.arraycopy(from[0], 0, chunk, 0, pixels * width);
        }
    }

    /** Memory for a chunk: ints for packed bf16, else floats. */
    public static Object chunk(int channels, boolean bf16) {
        int numbers = chunkPixels(channels) * channels;
        return bf16 ? new int[numbers / 2] : new float[numbers];
    }

    /** All ones. */
    public static float[] ones(int channels) {
        float[] ones = new float[channels];
        Arrays.fill(ones, 1);
        return ones;
    }
}
