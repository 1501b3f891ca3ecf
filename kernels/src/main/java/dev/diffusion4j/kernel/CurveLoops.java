// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * GELU and ReLU of z = a[c]·x + b[c] over (pixels, channels) with the channels side by side. The normal distribution's tail is that of
 * Abramowitz &amp; Stegun (1964), 7.1.26, whose error function is off by at most 1.5e-7: 1 − Φ(u√2) = ½·p(t)·e^−u² with
 * t = 1/(1 + 0.3275911·u).
 */
final class CurveLoops {
    private static final float ROOT_HALF = 0.70710678f;
    private static final float DENSITY = 0.39894228f; // of the normal distribution at 0
    private static final float T = 0.3275911f;
    private static final float A1 = 0.254829592f / 2;
    private static final float A2 = -0.284496736f / 2;
    private static final float A3 = 1.421413741f / 2;
    private static final float A4 = -1.453152027f / 2;
    private static final float A5 = 1.061405429f / 2;

    private CurveLoops() {}

    static void affineGelu(float[] x, int pixels, int channels, float[] a, float[] b) {
        for (int c = 0; c < channels; c += VectorMath.LANES) {
            FloatVector scale = FloatVector.fromArray(VectorMath.FLOATS, a, c);
            FloatVector offset = FloatVector.fromArray(VectorMath.FLOATS, b, c);
            for (int pixel = 0, i = c; pixel < pixels; pixel++, i += channels) {
                FloatVector z = FloatVector.fromArray(VectorMath.FLOATS, x, i).fma(scale, offset);
                FloatVector size = magnitude(z);
                FloatVector u = size.mul(ROOT_HALF);
                FloatVector tail = polynomial(u).mul(gauss(u));
                positive(z).sub(size.mul(tail)).intoArray(x, i);
            }
        }
    }

    /** dy/dz = Φ(z) + z·φ(z). */
    static void geluBackward(float[] gradient, float[] x, int pixels, int channels, float[] a, float[] b) {
        for (int c = 0; c < channels; c += VectorMath.LANES) {
            FloatVector scale = FloatVector.fromArray(VectorMath.FLOATS, a, c);
            FloatVector offset = FloatVector.fromArray(VectorMath.FLOATS, b, c);
            for (int pixel = 0, i = c; pixel < pixels; pixel++, i += channels) {
                FloatVector z = FloatVector.fromArray(VectorMath.FLOATS, x, i).fma(scale, offset);
                FloatVector u = magnitude(z).mul(ROOT_HALF);
                FloatVector e = gauss(u);
                FloatVector aboveHalf = FloatVector.broadcast(VectorMath.FLOATS, 0.5f)
                        .sub(polynomial(u).mul(e))
                        .reinterpretAsInts()
                        .or(z.reinterpretAsInts().lanewise(VectorOperators.AND, Integer.MIN_VALUE))
                        .reinterpretAsFloats();
                FloatVector slope = z.mul(DENSITY).fma(e, aboveHalf.add(0.5f));
                FloatVector.fromArray(VectorMath.FLOATS, gradient, i).mul(slope).intoArray(gradient, i);
            }
        }
    }

    static void affineRelu(float[] x, int pixels, int channels, float[] a, float[] b) {
        for (int c = 0; c < channels; c += VectorMath.LANES) {
            FloatVector scale = FloatVector.fromArray(VectorMath.FLOATS, a, c);
            FloatVector offset = FloatVector.fromArray(VectorMath.FLOATS, b, c);
            for (int pixel = 0, i = c; pixel < pixels; pixel++, i += channels) {
                positive(FloatVector.fromArray(VectorMath.FLOATS, x, i).fma(scale, offset))
                        .intoArray(x, i);
            }
        }
    }

    static void reluBackward(float[] gradient, float[] x, int pixels, int channels, float[] a, float[] b) {
        for (int c = 0; c < channels; c += VectorMath.LANES) {
            FloatVector scale = FloatVector.fromArray(VectorMath.FLOATS, a, c);
            FloatVector offset = FloatVector.fromArray(VectorMath.FLOATS, b, c);
            FloatVector zero = FloatVector.zero(VectorMath.FLOATS);
            for (int pixel = 0, i = c; pixel < pixels; pixel++, i += channels) {
                FloatVector z = FloatVector.fromArray(VectorMath.FLOATS, x, i).fma(scale, offset);
                zero.blend(FloatVector.fromArray(VectorMath.FLOATS, gradient, i), z.compare(VectorOperators.GT, 0f))
                        .intoArray(gradient, i);
            }
        }
    }

    private static FloatVector magnitude(FloatVector z) {
        return z.reinterpretAsInts()
                .lanewise(VectorOperators.AND, Integer.MAX_VALUE)
                .reinterpretAsFloats();
    }

    /** max(z, 0) by the sign's bit, which costs less than a float's {@code max}; not a number stays so where its sign is plus. */
    private static FloatVector positive(FloatVector z) {
        IntVector bits = z.reinterpretAsInts();
        return bits.lanewise(VectorOperators.AND_NOT, bits.lanewise(VectorOperators.ASHR, 31))
                .reinterpretAsFloats();
    }

    /** e^−u², for u ≥ 0. */
    private static FloatVector gauss(FloatVector u) {
        FloatVector bounded = u.mul(u)
                .reinterpretAsInts()
                .lanewise(VectorOperators.MIN, VectorMath.BOUND)
                .reinterpretAsFloats();
        return VectorMath.powerOfTwo(bounded.mul(-VectorMath.LOG2_E));
    }

    /** ½·p(t). */
    private static FloatVector polynomial(FloatVector u) {
        FloatVector t =
                FloatVector.broadcast(VectorMath.FLOATS, 1f).div(u.mul(T).add(1f));
        FloatVector p = t.mul(A5).add(A4);
        p = p.fma(t, FloatVector.broadcast(VectorMath.FLOATS, A3));
        p = p.fma(t, FloatVector.broadcast(VectorMath.FLOATS, A2));
        p = p.fma(t, FloatVector.broadcast(VectorMath.FLOATS, A1));
        return p.mul(t);
    }
}
