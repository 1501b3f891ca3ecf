// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

/**
 * Values times the GELU of their gates, and the gradient, in one pass over packed bf16: GEGLU of Shazeer (2020). A row is all its values, then all its
 * gates, two numbers in an int. One object serves one thread; it keeps its scratch memory.
 */
public final class GateKernel {
    /** The even and the odd numbers of the rows, as floats. */
    private float[] even = {};

    private float[] odd = {};
    /** Those of the results, or of their gradient. */
    private float[] evenResult = {};

    private float[] oddResult = {};

    /** Whether rows of so many values can be done. */
    public static boolean fits(long values) {
        return VectorSupport.isAvailable() && values % (2 * VectorMath.LANES) == 0;
    }

    /**
     * @param both rows of 2·width ints
     * @param width ints of a row's values
     * @param result receives rows of width ints
     */
    public void forward(int[] both, int rows, int width, int[] result) {
        reserve(rows * width);
        VectorMath.unpackBf16(both, 2 * rows * width, even, odd);
        for (int row = 0; row < rows; row++) {
            GateLoops.gate(even, 2 * row * width, width, evenResult, row * width);
            GateLoops.gate(odd, 2 * row * width, width, oddResult, row * width);
        }
        VectorMath.packBf16(evenResult, oddResult, rows * width, result);
    }

    /**
     * {@code both} becomes its own gradient.
     *
     * @param gradient of the result, rows of width ints
     */
    public void backward(int[] both, int rows, int width, int[] gradient) {
        reserve(rows * width);
        VectorMath.unpackBf16(both, 2 * rows * width, even, odd);
        VectorMath.unpackBf16(gradient, rows * width, evenResult, oddResult);
        for (int row = 0; row < rows; row++) {
            GateLoops.slope(even, 2 * row * width, width, evenResult, row * width);
            GateLoops.slope(odd, 2 * row * width, width, oddResult, row * width);
        }
        VectorMath.packBf16(even, odd, 2 * rows * width, both);
    }

    private void reserve(int count) {
        if (evenResult.length < count) {
            even = new float[2 * count];
            odd = new float[2 * count];
            evenResult = new float[count];
            oddResult = new float[count];
        }
    }
}
