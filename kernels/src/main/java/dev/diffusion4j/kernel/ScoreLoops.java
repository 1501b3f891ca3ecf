// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Attention's scores in bf16 to their exponentials, which softmax divides by their sum: that is left to be done once for all channels. Stateless. */
public final class ScoreLoops {
    /** Scores at a time: two vectors. */
    private static final int STEP = 2 * VectorMath.LANES;
    /** Exponentials come out as 2^−60 of what they are, so that scores far above 0 find room, up to about 100. */
    private static final int LOWERED = -60;

    /** 1.5·2²³: adding it rounds to a whole number, which then stands in the low bits. */
    private static final float ROUND = 12582912f;

    private static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);
    /** Powers of 2 beyond which results stay as they are there: all, and sums of many, are normal and finite. */
    private static final int LEAST = ROUND_BITS - 126 - LOWERED;

    private static final int MOST = ROUND_BITS + 90 - LOWERED;

    /** 2^f for |f| ≤ ½ is about C0 + C1·f + …, to 8e-5, the least that a third degree can do. */
    private static final float C0 = 0.99992806f;

    private static final float C1 = 0.69326097f;
    private static final float C2 = 0.24261113f;
    private static final float C3 = 0.05517160f;
    private static final int HIGH_HALF = 0xFFFF0000;
    /** Half of a bf16's last digit. */
    private static final int HALF = 0x8000;

    private ScoreLoops() {}

    /** Whether rows of so many scores can be done. */
    public static boolean fits(long width) {
        return VectorSupport.isAvailable() && width % STEP == 0;
    }

    /**
     * @param scores two in each int, rows one after the other; replaced by 2^−60·e^(scale·score), rounded to bf16
     * @param width scores of a row; see {@link #fits}
     * @param sums receives the sum of each row before rounding, from {@code at} on
     */
    public static void exponentials(int[] scores, int rows, int width, float scale, float[] sums, int at) {
        float[] lanes = new float[VectorMath.LANES];
        FloatVector toPowerOfTwo = FloatVector.broadcast(VectorMath.FLOATS, scale * VectorMath.LOG2_E);
        int ints = width / 2;
        for (int row = 0; row < rows; row++) {
            FloatVector evenSum = FloatVector.zero(VectorMath.FLOATS);
            FloatVector oddSum = evenSum;
            for (int i = row * ints; i < (row + 1) * ints; i += VectorMath.LANES) {
                IntVector both = IntVector.fromArray(VectorMath.INTS, scores, i);
                IntVector even = power(both.lanewise(VectorOperators.LSHL, 16), toPowerOfTwo);
                IntVector odd = power(both.lanewise(VectorOperators.AND, HIGH_HALF), toPowerOfTwo);
                evenSum = evenSum.add(even.reinterpretAsFloats());
                oddSum = oddSum.add(odd.reinterpretAsFloats());
                IntVector low = even.add(HALF).lanewise(VectorOperators.LSHR, 16);
                odd.add(HALF).lanewise(VectorOperators.AND, HIGH_HALF).or(low).intoArray(scores, i);
            }
            evenSum.add(oddSum).intoArray(lanes, 0);
            sums[at + row] = sum(lanes);
        }
    }

    /**
     * The weights themselves, once their sums are known.
     *
     * @param scores two in each int, rows one after the other; replaced by 2^−60·e^(scale·score) times the row's factor, rounded to bf16
     * @param width scores of a row; see {@link #fits}
     * @param factors of the rows, from {@code at} on: 1 divided by what {@link #exponentials} gave as their sum
     */
    public static void weights(int[] scores, int rows, int width, float scale, float[] factors, int at) {
        FloatVector toPowerOfTwo = FloatVector.broadcast(VectorMath.FLOATS, scale * VectorMath.LOG2_E);
        int ints = width / 2;
        for (int row = 0; row < rows; row++) {
            FloatVector factor = FloatVector.broadcast(VectorMath.FLOATS, factors[at + row]);
            for (int i = row * ints; i < (row + 1) * ints; i += VectorMath.LANES) {
                IntVector both = IntVector.fromArray(VectorMath.INTS, scores, i);
                IntVector even = power(both.lanewise(VectorOperators.LSHL, 16), toPowerOfTwo)
                        .reinterpretAsFloats()
                        .mul(factor)
                        .reinterpretAsInts();
                IntVector odd = power(both.lanewise(VectorOperators.AND, HIGH_HALF), toPowerOfTwo)
                        .reinterpretAsFloats()
                        .mul(factor)
                        .reinterpretAsInts();
                IntVector low = even.add(HALF).lanewise(VectorOperators.LSHR, 16);
                odd.add(HALF).lanewise(VectorOperators.AND, HIGH_HALF).or(low).intoArray(scores, i);
            }
        }
    }

    /**
     * Weights become the scores' gradients, weight·slope·scale, rounded to bf16.
     *
     * @param weights two in each int
     * @param slopes of the weights, less what each row's have in common; two in each int
     * @param count ints, a multiple of the lanes
     */
    public static void gradients(int[] weights, int[] slopes, int count, float scale) {
        FloatVector factor = FloatVector.broadcast(VectorMath.FLOATS, scale);
        for (int i = 0; i < count; i += VectorMath.LANES) {
            IntVector weight = IntVector.fromArray(VectorMath.INTS, weights, i);
            IntVector slope = IntVector.fromArray(VectorMath.INTS, slopes, i);
            IntVector even = weight.lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .mul(slope.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats())
                    .mul(factor)
                    .reinterpretAsInts();
            IntVector odd = weight.lanewise(VectorOperators.AND, HIGH_HALF)
                    .reinterpretAsFloats()
                    .mul(slope.lanewise(VectorOperators.AND, HIGH_HALF).reinterpretAsFloats())
                    .mul(factor)
                    .reinterpretAsInts();
            IntVector low = even.add(HALF).lanewise(VectorOperators.LSHR, 16);
            odd.add(HALF).lanewise(VectorOperators.AND, HIGH_HALF).or(low).intoArray(weights, i);
        }
    }

    /** Always in the same order. */
    private static float sum(float[] lanes) {
        float sum = 0;
        for (float lane : lanes) {
            sum += lane;
        }
        return sum;
    }

    /** The bits of 2^(factor·score + LOWERED): 2^n · 2^f, n added to the exponent. */
    private static IntVector power(IntVector score, FloatVector factor) {
        FloatVector x = score.reinterpretAsFloats();
        FloatVector round = FloatVector.broadcast(VectorMath.FLOATS, ROUND);
        FloatVector shifted = x.fma(factor, round);
        FloatVector f = x.fma(factor, round.sub(shifted));
        FloatVector p =
                FloatVector.broadcast(VectorMath.FLOATS, C3).fma(f, FloatVector.broadcast(VectorMath.FLOATS, C2));
        p = p.fma(f, FloatVector.broadcast(VectorMath.FLOATS, C1));
        p = p.fma(f, FloatVector.broadcast(VectorMath.FLOATS, C0));
        IntVector n = shifted.reinterpretAsInts().max(LEAST).min(MOST);
        return n.lanewise(VectorOperators.LSHL, 23).add(LOWERED << 23).add(p.reinterpretAsInts());
    }
}
