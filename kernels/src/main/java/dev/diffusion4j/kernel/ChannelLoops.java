// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import jdk.incubator.vector.FloatVector;

/** Loops over (pixels, channels) with the channels side by side; {@code channels} is a multiple of the lanes. */
final class ChannelLoops {
    private ChannelLoops() {}

    /** s1[c] = Σ (x − shift[c]), s2[c] = Σ (x − shift[c])². */
    static void sums(float[] x, int pixels, int channels, float[] shift, float[] s1, float[] s2) {
        for (int c = 0; c < channels; c += VectorMath.LANES) {
            FloatVector k = FloatVector.fromArray(VectorMath.FLOATS, shift, c);
            FloatVector a1 = FloatVector.zero(VectorMath.FLOATS);
            FloatVector a2 = a1;
            FloatVector b1 = a1;
            FloatVector b2 = a1;
            int i = c;
            int pixel = 0;
            for (; pixel + 1 < pixels; pixel += 2, i += 2 * channels) {
                FloatVector u = FloatVector.fromArray(VectorMath.FLOATS, x, i).sub(k);
                FloatVector v = FloatVector.fromArray(VectorMath.FLOATS, x, i + channels)
                        .sub(k);
                a1 = a1.add(u);
                b1 = b1.add(v);
                a2 = u.fma(u, a2);
                b2 = v.fma(v, b2);
            }
            if (pixel < pixels) {
                FloatVector u = FloatVector.fromArray(VectorMath.FLOATS, x, i).sub(k);
                a1 = a1.add(u);
                a2 = u.fma(u, a2);
            }
            a1.add(b1).intoArray(s1, c);
            a2.add(b2).intoArray(s2, c);
        }
    }

    /** y = a[c]·x + b[c]. */
    static void affine(float[] x, int pixels, int channels, float[] a, float[] b, float[] y) {
        for (int c = 0; c < channels; c += VectorMath.LANES) {
            FloatVector scale = FloatVector.fromArray(VectorMath.FLOATS, a, c);
            FloatVector offset = FloatVector.fromArray(VectorMath.FLOATS, b, c);
            for (int pixel = 0, i = c; pixel < pixels; pixel++, i += channels) {
                FloatVector.fromArray(VectorMath.FLOATS, x, i)
                        .fma(scale, offset)
                        .intoArray(y, i);
            }
        }
    }

    /** y = silu(a[c]·x + b[c]). */
    static void affineSilu(float[] x, int pixels, int channels, float[] a, float[] b, float[] y) {
        for (int c = 0; c < channels; c += VectorMath.LANES) {
            FloatVector scale = FloatVector.fromArray(VectorMath.FLOATS, a, c);
            FloatVector offset = FloatVector.fromArray(VectorMath.FLOATS, b, c);
            for (int pixel = 0, i = c; pixel < pixels; pixel++, i += channels) {
                FloatVector z = FloatVector.fromArray(VectorMath.FLOATS, x, i).fma(scale, offset);
                VectorMath.silu(z).intoArray(y, i);
            }
        }
    }

    /**
     * Turns the gradient of y into that of z = a[c]·x + b[c] in place, where y = silu(z).
     */
    static void siluBackward(float[] gradient, float[] x, int pixels, int channels, float[] a, float[] b) {
        for (int c = 0; c < channels; c += VectorMath.LANES) {
            FloatVector scale = FloatVector.fromArray(VectorMath.FLOATS, a, c);
            FloatVector offset = FloatVector.fromArray(VectorMath.FLOATS, b, c);
            FloatVector one = FloatVector.broadcast(VectorMath.FLOATS, 1f);
            for (int pixel = 0, i = c; pixel < pixels; pixel++, i += channels) {
                FloatVector z = FloatVector.fromArray(VectorMath.FLOATS, x, i).fma(scale, offset);
                FloatVector s = VectorMath.sigmoid(z);
                FloatVector slope = s.mul(z.fma(one.sub(s), one));
                FloatVector.fromArray(VectorMath.FLOATS, gradient, i).mul(slope).intoArray(gradient, i);
            }
        }
    }

    /** sum[c] = Σ g, product[c] = Σ g·x. */
    static void gradientSums(float[] g, float[] x, int pixels, int channels, float[] sum, float[] product) {
        for (int c = 0; c < channels; c += VectorMath.LANES) {
            FloatVector a1 = FloatVector.zero(VectorMath.FLOATS);
            FloatVector a2 = a1;
            FloatVector b1 = a1;
            FloatVector b2 = a1;
            int i = c;
            int pixel = 0;
            for (; pixel + 1 < pixels; pixel += 2, i += 2 * channels) {
                FloatVector u = FloatVector.fromArray(VectorMath.FLOATS, g, i);
                FloatVector v = FloatVector.fromArray(VectorMath.FLOATS, g, i + channels);
                a1 = a1.add(u);
                b1 = b1.add(v);
                a2 = u.fma(FloatVector.fromArray(VectorMath.FLOATS, x, i), a2);
                b2 = v.fma(FloatVector.fromArray(VectorMath.FLOATS, x, i + channels), b2);
            }
            if (pixel < pixels) {
                FloatVector u = FloatVector.fromArray(VectorMath.FLOATS, g, i);
                a1 = a1.add(u);
                a2 = u.fma(FloatVector.fromArray(VectorMath.FLOATS, x, i), a2);
            }
            a1.add(b1).intoArray(sum, c);
            a2.add(b2).intoArray(product, c);
        }
    }

    /** x ← x + added[c]. */
    static void add(float[] x, int pixels, int channels, float[] added) {
        for (int c = 0; c < channels; c += VectorMath.LANES) {
            FloatVector own = FloatVector.fromArray(VectorMath.FLOATS, added, c);
            for (int pixel = 0, i = c; pixel < pixels; pixel++, i += channels) {
                FloatVector.fromArray(VectorMath.FLOATS, x, i).add(own).intoArray(x, i);
            }
        }
    }

    /** sum[c] = Σ x. */
    static void sum(float[] x, int pixels, int channels, float[] sum) {
        for (int c = 0; c < channels; c += VectorMath.LANES) {
            FloatVector a = FloatVector.zero(VectorMath.FLOATS);
            for (int pixel = 0, i = c; pixel < pixels; pixel++, i += channels) {
                a = a.add(FloatVector.fromArray(VectorMath.FLOATS, x, i));
            }
            a.intoArray(sum, c);
        }
    }

    /** g ← p[c]·g + q[c]·x + r[c]. */
    static void combine(float[] g, float[] x, int pixels, int channels, float[] p, float[] q, float[] r) {
        for (int c = 0; c < channels; c += VectorMath.LANES) {
            FloatVector ofGradient = FloatVector.fromArray(VectorMath.FLOATS, p, c);
            FloatVector ofInput = FloatVector.fromArray(VectorMath.FLOATS, q, c);
            FloatVector offset = FloatVector.fromArray(VectorMath.FLOATS, r, c);
            for (int pixel = 0, i = c; pixel < pixels; pixel++, i += channels) {
                FloatVector.fromArray(VectorMath.FLOATS, g, i)
                        .fma(
                                ofGradient,
                                FloatVector.fromArray(VectorMath.FLOATS, x, i).fma(ofInput, offset))
                        .intoArray(g, i);
            }
        }
    }
}
