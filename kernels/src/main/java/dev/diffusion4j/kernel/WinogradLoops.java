// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import jdk.incubator.vector.FloatVector;

/**
 * 3×3 convolutions with 36 multiplications for 4×4 results instead of 144: F(4×4, 3×3) of Lavin &amp; Gray (2016). A strip is a row of
 * such tiles; its pixels, and the 36 numbers of each tile, have their channels side by side, a multiple of the lanes. Between the two
 * loops stand 36 matrix products, one for each of the numbers. Stateless.
 */
public final class WinogradLoops {
    /** Height and width of a tile's results. */
    public static final int SIDE = 4;
    /** Height and width of the pixels that they depend on. */
    public static final int REACH = 6;
    /** Numbers of a tile. */
    public static final int POINTS = REACH * REACH;

    private WinogradLoops() {}

    /** Pixels of a row that a strip of tiles depends on. */
    public static int width(int tiles) {
        return SIDE * tiles + REACH - SIDE;
    }

    /**
     * Bᵀ·d·B of each tile.
     *
     * @param rows 6 × {@link #width} × channels
     * @param points receives 36 × tiles × channels
     */
    public static void before(float[] rows, int tiles, int channels, float[] points) {
        float[] half = new float[POINTS * VectorMath.LANES];
        int plane = tiles * channels;
        int line = width(tiles) * channels;
        for (int tile = 0; tile < tiles; tile++) {
            for (int c = 0; c < channels; c += VectorMath.LANES) {
                int from = tile * SIDE * channels + c;
                for (int j = 0; j < REACH; j++) {
                    spread(rows, from + j * channels, line, half, j * VectorMath.LANES, REACH * VectorMath.LANES);
                }
                for (int i = 0; i < REACH; i++) {
                    int to = i * REACH * plane + tile * channels + c;
                    spread(half, i * REACH * VectorMath.LANES, VectorMath.LANES, points, to, plane);
                }
            }
        }
    }

    /** Bᵀ·d of six vectors. */
    private static void spread(float[] d, int at, int stride, float[] out, int to, int apart) {
        FloatVector d1 = FloatVector.fromArray(VectorMath.FLOATS, d, at + stride);
        FloatVector d2 = FloatVector.fromArray(VectorMath.FLOATS, d, at + 2 * stride);
        FloatVector d3 = FloatVector.fromArray(VectorMath.FLOATS, d, at + 3 * stride);
        FloatVector d4 = FloatVector.fromArray(VectorMath.FLOATS, d, at + 4 * stride);
        FloatVector four = FloatVector.broadcast(VectorMath.FLOATS, 4f);
        FloatVector five = FloatVector.broadcast(VectorMath.FLOATS, -5f);
        FloatVector first = FloatVector.fromArray(VectorMath.FLOATS, d, at).fma(four, d4);
        d2.fma(five, first).intoArray(out, to);
        FloatVector even = d4.sub(d2.mul(four));
        FloatVector odd = d3.sub(d1.mul(four));
        even.add(odd).intoArray(out, to + apart);
        even.sub(odd).intoArray(out, to + 2 * apart);
        FloatVector evenOnce = d4.sub(d2);
        FloatVector oddOnce = d3.sub(d1);
        FloatVector twice = oddOnce.add(oddOnce);
        evenOnce.add(twice).intoArray(out, to + 3 * apart);
        evenOnce.sub(twice).intoArray(out, to + 4 * apart);
        FloatVector last = FloatVector.fromArray(VectorMath.FLOATS, d, at + 5 * stride);
        d3.fma(five, d1.fma(four, last)).intoArray(out, to + 5 * apart);
    }

    /**
     * Aᵀ·m·A of each tile, plus a bias.
     *
     * @param points 36 × tiles × channels
     * @param rows receives 4 × 4·tiles × channels
     */
    public static void after(float[] points, int tiles, int channels, float[] bias, float[] rows) {
        float[] half = new float[POINTS * VectorMath.LANES];
        int plane = tiles * channels;
        FloatVector zero = FloatVector.zero(VectorMath.FLOATS);
        for (int tile = 0; tile < tiles; tile++) {
            for (int c = 0; c < channels; c += VectorMath.LANES) {
                int from = tile * channels + c;
                for (int j = 0; j < REACH; j++) {
                    gather(
                            points,
                            from + j * plane,
                            REACH * plane,
                            zero,
                            half,
                            j * VectorMath.LANES,
                            REACH * VectorMath.LANES);
                }
                FloatVector shift = FloatVector.fromArray(VectorMath.FLOATS, bias, c);
                for (int i = 0; i < SIDE; i++) {
                    int to = (i * tiles + tile) * SIDE * channels + c;
                    gather(half, i * REACH * VectorMath.LANES, VectorMath.LANES, shift, rows, to, channels);
                }
            }
        }
    }

    /** Aᵀ·m of six vectors, plus a shift. */
    private static void gather(float[] m, int at, int stride, FloatVector shift, float[] out, int to, int apart) {
        FloatVector m1 = FloatVector.fromArray(VectorMath.FLOATS, m, at + stride);
        FloatVector m2 = FloatVector.fromArray(VectorMath.FLOATS, m, at + 2 * stride);
        FloatVector m3 = FloatVector.fromArray(VectorMath.FLOATS, m, at + 3 * stride);
        FloatVector m4 = FloatVector.fromArray(VectorMath.FLOATS, m, at + 4 * stride);
        FloatVector sumNear = m1.add(m2);
        FloatVector sumFar = m3.add(m4);
        FloatVector near = m1.sub(m2);
        FloatVector far = m3.sub(m4);
        FloatVector first = FloatVector.fromArray(VectorMath.FLOATS, m, at);
        first.add(sumNear).add(sumFar).add(shift).intoArray(out, to);
        far.fma(FloatVector.broadcast(VectorMath.FLOATS, 2f), near).add(shift).intoArray(out, to + apart);
        sumFar.fma(FloatVector.broadcast(VectorMath.FLOATS, 4f), sumNear)
                .add(shift)
                .intoArray(out, to + 2 * apart);
        FloatVector last = FloatVector.fromArray(VectorMath.FLOATS, m, at + 5 * stride);
        far.fma(FloatVector.broadcast(VectorMath.FLOATS, 8f), near)
                .add(last)
                .add(shift)
                .intoArray(out, to + 3 * apart);
    }
}
