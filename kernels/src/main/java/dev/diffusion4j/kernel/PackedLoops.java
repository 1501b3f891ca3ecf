// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Loops over one column (as many ints as there are lanes) of packed bf16 pictures, in place. The even and the odd channel of an int
 * are unpacked, worked on and packed again within the registers.
 */
final class PackedLoops {
    private static final int HIGH_HALF = 0xFFFF0000;
    private static final int HALF = 0x7FFF;

    private PackedLoops() {}

    /** y = scale[c]·x + offset[c]; the odd channels' numbers stand {@code width} later. */
    static void affine(int[] x, int pixels, int width, int c, float[] scale, float[] offset) {
        FloatVector evenScale = FloatVector.fromArray(VectorMath.FLOATS, scale, c);
        FloatVector evenOffset = FloatVector.fromArray(VectorMath.FLOATS, offset, c);
        FloatVector oddScale = FloatVector.fromArray(VectorMath.FLOATS, scale, width + c);
        FloatVector oddOffset = FloatVector.fromArray(VectorMath.FLOATS, offset, width + c);
        for (int pixel = 0, i = c; pixel < pixels; pixel++, i += width) {
            IntVector both = IntVector.fromArray(VectorMath.INTS, x, i);
            FloatVector even = both.lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(evenScale, evenOffset);
            FloatVector odd = both.lanewise(VectorOperators.AND, HIGH_HALF)
                    .reinterpretAsFloats()
                    .fma(oddScale, oddOffset);
            IntVector low = even.reinterpretAsInts();
            IntVector high = odd.reinterpretAsInts();
            low = low.add(low.lanewise(VectorOperators.LSHR, 16).lanewise(VectorOperators.AND, 1))
                    .add(HALF)
                    .lanewise(VectorOperators.LSHR, 16);
            high = high.add(high.lanewise(VectorOperators.LSHR, 16).lanewise(VectorOperators.AND, 1))
                    .add(HALF)
                    .lanewise(VectorOperators.AND, HIGH_HALF);
            high.or(low).intoArray(x, i);
        }
    }

    /** y = silu(scale[c]·x + offset[c]), as {@link ChannelLoops#affineSilu}; written out once for each half of the ints. */
    static void affineSilu(int[] x, int pixels, int width, int c, float[] scale, float[] offset) {
        FloatVector evenScale = FloatVector.fromArray(VectorMath.FLOATS, scale, c);
        FloatVector evenOffset = FloatVector.fromArray(VectorMath.FLOATS, offset, c);
        FloatVector oddScale = FloatVector.fromArray(VectorMath.FLOATS, scale, width + c);
        FloatVector oddOffset = FloatVector.fromArray(VectorMath.FLOATS, offset, width + c);
        for (int pixel = 0, i = c; pixel < pixels; pixel++, i += width) {
            IntVector both = IntVector.fromArray(VectorMath.INTS, x, i);
            FloatVector even = both.lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(evenScale, evenOffset);
            IntVector evenBits = even.reinterpretAsInts();
            FloatVector evenScaled = evenBits.lanewise(VectorOperators.AND, Integer.MAX_VALUE)
                    .lanewise(VectorOperators.MIN, VectorMath.BOUND)
                    .or(evenBits.lanewise(VectorOperators.AND, Integer.MIN_VALUE))
                    .reinterpretAsFloats()
                    .mul(-VectorMath.LOG2_E);
            FloatVector evenShifted = evenScaled.add(VectorMath.ROUND);
            FloatVector evenF = evenScaled.sub(evenShifted.sub(VectorMath.ROUND));
            FloatVector evenP = evenF.mul(VectorMath.C6).add(VectorMath.C5);
            evenP = evenP.fma(evenF, FloatVector.broadcast(VectorMath.FLOATS, VectorMath.C4));
            evenP = evenP.fma(evenF, FloatVector.broadcast(VectorMath.FLOATS, VectorMath.C3));
            evenP = evenP.fma(evenF, FloatVector.broadcast(VectorMath.FLOATS, VectorMath.C2));
            evenP = evenP.fma(evenF, FloatVector.broadcast(VectorMath.FLOATS, VectorMath.C1));
            evenP = evenP.fma(evenF, FloatVector.broadcast(VectorMath.FLOATS, 1f));
            IntVector evenPower = evenShifted
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 23)
                    .add(VectorMath.ONE_BITS);
            even = even.div(evenP.mul(evenPower.reinterpretAsFloats()).add(1f));
            FloatVector odd = both.lanewise(VectorOperators.AND, HIGH_HALF)
                    .reinterpretAsFloats()
                    .fma(oddScale, oddOffset);
            IntVector oddBits = odd.reinterpretAsInts();
            FloatVector oddScaled = oddBits.lanewise(VectorOperators.AND, Integer.MAX_VALUE)
                    .lanewise(VectorOperators.MIN, VectorMath.BOUND)
                    .or(oddBits.lanewise(VectorOperators.AND, Integer.MIN_VALUE))
                    .reinterpretAsFloats()
                    .mul(-VectorMath.LOG2_E);
            FloatVector oddShifted = oddScaled.add(VectorMath.ROUND);
            FloatVector oddF = oddScaled.sub(oddShifted.sub(VectorMath.ROUND));
            FloatVector oddP = oddF.mul(VectorMath.C6).add(VectorMath.C5);
            oddP = oddP.fma(oddF, FloatVector.broadcast(VectorMath.FLOATS, VectorMath.C4));
            oddP = oddP.fma(oddF, FloatVector.broadcast(VectorMath.FLOATS, VectorMath.C3));
            oddP = oddP.fma(oddF, FloatVector.broadcast(VectorMath.FLOATS, VectorMath.C2));
            oddP = oddP.fma(oddF, FloatVector.broadcast(VectorMath.FLOATS, VectorMath.C1));
            oddP = oddP.fma(oddF, FloatVector.broadcast(VectorMath.FLOATS, 1f));
            IntVector oddPower = oddShifted
                    .reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 23)
                    .add(VectorMath.ONE_BITS);
            odd = odd.div(oddP.mul(oddPower.reinterpretAsFloats()).add(1f));
            IntVector low = even.reinterpretAsInts();
            IntVector high = odd.reinterpretAsInts();
            low = low.add(low.lanewise(VectorOperators.LSHR, 16).lanewise(VectorOperators.AND, 1))
                    .add(HALF)
                    .lanewise(VectorOperators.LSHR, 16);
            high = high.add(high.lanewise(VectorOperators.LSHR, 16).lanewise(VectorOperators.AND, 1))
                    .add(HALF)
                    .lanewise(VectorOperators.AND, HIGH_HALF);
            high.or(low).intoArray(x, i);
        }
    }
}
