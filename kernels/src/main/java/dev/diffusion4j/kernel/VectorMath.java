// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the loops share: exponential and logarithm, and packed bf16. They are written out here, because the Vector API's own
 * transcendental operations are one function before C2 has compiled them and another after, so that last bits would depend on when that was.
 */
final class VectorMath {
    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    static final int LANES = FLOATS.length();

    static final float LOG2_E = 1.44269504f;
    /** 1.5·2²³: adding it rounds to a whole number, which then stands in the low bits. */
    private static final float ROUND = 12582912f;
    /** 2^f for |f| ≤ ½ is 1 + C1·f + C2·f² + … */
    private static final float C1 = 0.6931471806f;

    private static final float C2 = 0.2402265069f;
    private static final float C3 = 0.0555041087f;
    private static final float C4 = 0.0096181291f;
    private static final float C5 = 0.0013333558f;
    private static final float C6 = 0.00015403530f;

    /** 87, above which e^x is not finite for long, as the bits of a positive float, which compare as whole numbers do. */
    static final int BOUND = Float.floatToRawIntBits(87f);

    private static final int ONE_BITS = 0x3F800000;
    /** √½, as bits. */
    private static final int ROOT_HALF_BITS = Float.floatToRawIntBits(0.70710678f);
    /** ln 2 in two parts, of which a small whole number times the first is exact. */
    private static final float LN2_HIGH = 0.693359375f;

    private static final float LN2_LOW = -2.12194440e-4f;
    /** ln(1 + f) is about f − f²/2 + f³·(L0 + L1·f + …): Moshier's Cephes library, {@code logf}. */
    private static final float L0 = 3.3333331174e-1f;

    private static final float L1 = -2.4999993993e-1f;
    private static final float L2 = 2.0000714765e-1f;
    private static final float L3 = -1.6668057665e-1f;
    private static final float L4 = 1.4249322787e-1f;
    private static final float L5 = -1.2420140846e-1f;
    private static final float L6 = 1.1676998740e-1f;
    private static final float L7 = -1.1514610310e-1f;
    private static final float L8 = 7.0376836292e-2f;
    private static final int HIGH_HALF = 0xFFFF0000;
    private static final int HALF = 0x7FFF;

    private VectorMath() {}

    /** e^x to about 2e-7 relative, for −87 ≤ x ≤ 87 (clamped): 2^n · 2^f with a polynomial for |f| ≤ ½. */
    static FloatVector exp(FloatVector x) {
        return powerOfTwo(x.max(-87f).min(87f).mul(LOG2_E));
    }

    /**
     * {@link #exp} in fewer instructions, but not a number becomes e^87 or e^−87: x is bounded as a whole number, because C2 makes half a dozen
     * instructions of a float's {@code min}.
     */
    static FloatVector expOfNumber(FloatVector x) {
        IntVector bits = x.reinterpretAsInts();
        return powerOfTwo(bits.lanewise(VectorOperators.AND, Integer.MAX_VALUE)
                .lanewise(VectorOperators.MIN, BOUND)
                .or(bits.lanewise(VectorOperators.AND, Integer.MIN_VALUE))
                .reinterpretAsFloats()
                .mul(LOG2_E));
    }

    /** 2^scaled, for a finite result. */
    static FloatVector powerOfTwo(FloatVector scaled) {
        FloatVector shifted = scaled.add(ROUND);
        FloatVector f = scaled.sub(shifted.sub(ROUND));
        FloatVector p = f.mul(C6).add(C5);
        p = p.fma(f, FloatVector.broadcast(FLOATS, C4));
        p = p.fma(f, FloatVector.broadcast(FLOATS, C3));
        p = p.fma(f, FloatVector.broadcast(FLOATS, C2));
        p = p.fma(f, FloatVector.broadcast(FLOATS, C1));
        p = p.fma(f, FloatVector.broadcast(FLOATS, 1f));
        IntVector power =
                shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).add(ONE_BITS);
        return p.mul(power.reinterpretAsFloats());
    }

    /**
     * ln x to about 1e-7 of the larger of 1 and |ln x|, for a normal positive float; not a number stays so. x = 2^n·(1 + f) with
     * √½ ≤ 1 + f &lt; √2.
     */
    static FloatVector log(FloatVector x) {
        IntVector bits = x.reinterpretAsInts();
        IntVector power = bits.sub(ROOT_HALF_BITS).lanewise(VectorOperators.ASHR, 23);
        FloatVector n =
                power.add(Float.floatToRawIntBits(ROUND)).reinterpretAsFloats().sub(ROUND);
        FloatVector f = bits.sub(power.lanewise(VectorOperators.LSHL, 23))
                .reinterpretAsFloats()
                .sub(1f);
        FloatVector p = f.mul(L8).add(L7);
        p = p.fma(f, FloatVector.broadcast(FLOATS, L6));
        p = p.fma(f, FloatVector.broadcast(FLOATS, L5));
        p = p.fma(f, FloatVector.broadcast(FLOATS, L4));
        p = p.fma(f, FloatVector.broadcast(FLOATS, L3));
        p = p.fma(f, FloatVector.broadcast(FLOATS, L2));
        p = p.fma(f, FloatVector.broadcast(FLOATS, L1));
        p = p.fma(f, FloatVector.broadcast(FLOATS, L0));
        FloatVector squared = f.mul(f);
        FloatVector small = p.mul(f).mul(squared).add(n.mul(LN2_LOW)).sub(squared.mul(0.5f));
        return n.fma(FloatVector.broadcast(FLOATS, LN2_HIGH), small.add(f)).add(x.sub(x));
    }

    /**
     * z / (1 + e^−z) with the exponential of {@link #exp}. It is written out, because C2 has an end to what it puts into one loop, and
     * z is bounded as a whole number, because C2 makes half a dozen instructions of a float's {@code min}; not a number stays so.
     */
    static FloatVector silu(FloatVector z) {
        IntVector bits = z.reinterpretAsInts();
        FloatVector scaled = bits.lanewise(VectorOperators.AND, Integer.MAX_VALUE)
                .lanewise(VectorOperators.MIN, BOUND)
                .or(bits.lanewise(VectorOperators.AND, Integer.MIN_VALUE))
                .reinterpretAsFloats()
                .mul(-LOG2_E);
        FloatVector shifted = scaled.add(ROUND);
        FloatVector f = scaled.sub(shifted.sub(ROUND));
        FloatVector p = f.mul(C6).add(C5);
        p = p.fma(f, FloatVector.broadcast(FLOATS, C4));
        p = p.fma(f, FloatVector.broadcast(FLOATS, C3));
        p = p.fma(f, FloatVector.broadcast(FLOATS, C2));
        p = p.fma(f, FloatVector.broadcast(FLOATS, C1));
        p = p.fma(f, FloatVector.broadcast(FLOATS, 1f));
        IntVector power =
                shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).add(ONE_BITS);
        return z.div(p.mul(power.reinterpretAsFloats()).add(1f));
    }

    /** 1 / (1 + e^−x). */
    static FloatVector sigmoid(FloatVector x) {
        return FloatVector.broadcast(FLOATS, 1f).div(exp(x.neg()).add(1f));
    }

    /**
     * Two bf16 in each int (the even element in the low half) to two arrays of float.
     *
     * @param count ints, a multiple of the lanes
     */
    static void unpackBf16(int[] packed, int count, float[] even, float[] odd) {
        for (int i = 0; i < count; i += LANES) {
            IntVector both = IntVector.fromArray(INTS, packed, i);
            both.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(even, i);
            both.lanewise(VectorOperators.AND, HIGH_HALF).reinterpretAsFloats().intoArray(odd, i);
        }
    }

    /** The inverse of {@link #unpackBf16}, rounding to the nearest, halves to even. Written out, since C2 takes in methods to some depth only. */
    static void packBf16(float[] even, float[] odd, int count, int[] packed) {
        for (int i = 0; i < count; i += LANES) {
            IntVector low = FloatVector.fromArray(FLOATS, even, i).reinterpretAsInts();
            IntVector high = FloatVector.fromArray(FLOATS, odd, i).reinterpretAsInts();
            low = low.add(low.lanewise(VectorOperators.LSHR, 16).lanewise(VectorOperators.AND, 1))
                    .add(HALF)
                    .lanewise(VectorOperators.LSHR, 16);
            high = high.add(high.lanewise(VectorOperators.LSHR, 16).lanewise(VectorOperators.AND, 1))
                    .add(HALF)
                    .lanewise(VectorOperators.AND, HIGH_HALF);
            high.or(low).intoArray(packed, i);
        }
    }
}
