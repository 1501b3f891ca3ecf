// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Values times the GELU of their gates, and the gradient, for results that are rounded to bf16: the normal distribution's density comes out to 8e-5, its tail
 * is that of Abramowitz &amp; Stegun (1964), 7.1.26, 1 − Φ(z) = ½·p(t)·e^(−z²/2) with t = 1/(1 + 0.3275911·z/√2).
 *
 * <p>Each loop is written out in one method, with as few operations as will do: C2 stops taking in methods after some fifty of them, and
 * what it calls instead costs ten times as much. As long as this, a method is not taken into its caller either.
 */
final class GateLoops {
    private static final VectorSpecies<Float> S = VectorMath.FLOATS;
    private static final float DENSITY = 0.39894228f; // of the normal distribution at 0
    private static final float T = 0.23164189f; // 0.3275911/√2
    private static final float A1 = 0.254829592f / 2;
    private static final float A2 = -0.284496736f / 2;
    private static final float A3 = 1.421413741f / 2;
    private static final float A4 = -1.453152027f / 2;
    private static final float A5 = 1.061405429f / 2;
    /** The largest z², as bits: what comes of it is a normal number. */
    private static final int BOUND = Float.floatToRawIntBits(170f);
    /** e^(−z²/2) = 2^(K·z²). */
    private static final float K = -0.72134752f;
    /** 1.5·2²³: adding it rounds to a whole number, which then stands in the low bits. */
    private static final float ROUND = 12582912f;
    /** 2^f for |f| ≤ ½ is about C0 + C1·f + …, to 8e-5, the least that a third degree can do. */
    private static final float C0 = 0.99992806f;

    private static final float C1 = 0.69326097f;
    private static final float C2 = 0.24261113f;
    private static final float C3 = 0.05517160f;

    private GateLoops() {}

    /**
     * A row of values times GELU(gates), with GELU(z) = max(z, 0) − |z|·(1 − Φ(|z|)).
     *
     * @param both the values from {@code from} on, then as many gates
     * @param result receives them from {@code at} on
     */
    static void gate(float[] both, int from, int width, float[] result, int at) {
        for (int i = 0; i < width; i += VectorMath.LANES) {
            FloatVector z = FloatVector.fromArray(S, both, from + width + i);
            FloatVector square = z.mul(z)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.MIN, BOUND)
                    .reinterpretAsFloats();
            FloatVector factor = FloatVector.broadcast(S, K);
            FloatVector round = FloatVector.broadcast(S, ROUND);
            FloatVector shifted = square.fma(factor, round);
            FloatVector f = square.fma(factor, round.sub(shifted));
            FloatVector p = FloatVector.broadcast(S, C3).fma(f, FloatVector.broadcast(S, C2));
            p = p.fma(f, FloatVector.broadcast(S, C1));
            p = p.fma(f, FloatVector.broadcast(S, C0));
            FloatVector bell = shifted.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 23)
                    .add(p.reinterpretAsInts())
                    .reinterpretAsFloats();
            FloatVector size = z.reinterpretAsInts()
                    .lanewise(VectorOperators.AND, Integer.MAX_VALUE)
                    .reinterpretAsFloats();
            FloatVector one = FloatVector.broadcast(S, 1f);
            FloatVector t = one.div(size.fma(FloatVector.broadcast(S, T), one));
            FloatVector tail = FloatVector.broadcast(S, A5).fma(t, FloatVector.broadcast(S, A4));
            tail = tail.fma(t, FloatVector.broadcast(S, A3));
            tail = tail.fma(t, FloatVector.broadcast(S, A2));
            tail = tail.fma(t, FloatVector.broadcast(S, A1));
            tail = tail.mul(t).mul(bell).mul(size);
            z.add(size)
                    .mul(FloatVector.broadcast(S, 0.5f))
                    .sub(tail)
                    .mul(FloatVector.fromArray(S, both, from + i))
                    .intoArray(result, at + i);
        }
    }

    /** A row's values and gates become their gradients: gradient·GELU(gate), and gradient·value·(Φ(gate) + gate·φ(gate)). */
    static void slope(float[] both, int from, int width, float[] gradient, int at) {
        for (int i = 0; i < width; i += VectorMath.LANES) {
            FloatVector z = FloatVector.fromArray(S, both, from + width + i);
            FloatVector square = z.mul(z)
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.MIN, BOUND)
                    .reinterpretAsFloats();
            FloatVector factor = FloatVector.broadcast(S, K);
            FloatVector round = FloatVector.broadcast(S, ROUND);
            FloatVector shifted = square.fma(factor, round);
            FloatVector f = square.fma(factor, round.sub(shifted));
            FloatVector p = FloatVector.broadcast(S, C3).fma(f, FloatVector.broadcast(S, C2));
            p = p.fma(f, FloatVector.broadcast(S, C1));
            p = p.fma(f, FloatVector.broadcast(S, C0));
            FloatVector bell = shifted.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 23)
                    .add(p.reinterpretAsInts())
                    .reinterpretAsFloats();
            FloatVector size = z.reinterpretAsInts()
                    .lanewise(VectorOperators.AND, Integer.MAX_VALUE)
                    .reinterpretAsFloats();
            FloatVector one = FloatVector.broadcast(S, 1f);
            FloatVector t = one.div(size.fma(FloatVector.broadcast(S, T), one));
            FloatVector tail = FloatVector.broadcast(S, A5).fma(t, FloatVector.broadcast(S, A4));
            tail = tail.fma(t, FloatVector.broadcast(S, A3));
            tail = tail.fma(t, FloatVector.broadcast(S, A2));
            tail = tail.fma(t, FloatVector.broadcast(S, A1));
            FloatVector half = FloatVector.broadcast(S, 0.5f);
            FloatVector below = half.sub(tail.mul(t).mul(bell))
                    .reinterpretAsInts()
                    .or(z.reinterpretAsInts().lanewise(VectorOperators.AND, Integer.MIN_VALUE))
                    .reinterpretAsFloats()
                    .add(half);
            FloatVector own = FloatVector.fromArray(S, gradient, at + i);
            FloatVector slope = z.mul(bell).fma(FloatVector.broadcast(S, DENSITY), below);
            FloatVector value = FloatVector.fromArray(S, both, from + i);
            own.mul(z).mul(below).intoArray(both, from + i);
            own.mul(value).mul(slope).intoArray(both, from + width + i);
        }
    }
}
