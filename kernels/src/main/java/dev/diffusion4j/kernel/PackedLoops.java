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

    /** y = silu(scale[c]·x + offset[c]), as {@link ChannelLoops#affineSilu}. */
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
            FloatVector odd = both.lanewise(VectorOperators.AND, HIGH_HALF)
                    .reinterpretAsFloats()
                    .fma(oddScale, oddOffset);
            IntVector low = VectorMath.silu(even).reinterpretAsInts();
            IntVector high = VectorMath.silu(odd).reinterpretAsInts();
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
