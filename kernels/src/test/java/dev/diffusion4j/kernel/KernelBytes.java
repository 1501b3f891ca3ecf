// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Random;
import jdk.incubator.vector.FloatVector;

/** Runs every kernel on the same numbers, as often as its argument says, and prints a hash of each round's results: for {@link SameBytesTest}. */
final class KernelBytes {
    private static final int CHANNELS = 4 * VectorMath.LANES;
    private static final int PIXELS = 5;
    private static final int GROUPS = 4;
    private static final int TOKENS = 19;

    private static final int FUNCTION_VALUES = 1 << 15;

    private final Random random = new Random(11);
    private final MessageDigest digest;

    private KernelBytes() throws NoSuchAlgorithmException {
        digest = MessageDigest.getInstance("SHA-256");
    }

    public static void main(String[] arguments) throws NoSuchAlgorithmException {
        for (int round = 0; round < Integer.parseInt(arguments[0]); round++) {
            System.out.println(VectorSupport.lanes() + " " + new KernelBytes().round());
        }
    }

    private String round() {
        functions();
        scores();
        gates();
        attention(1);
        attention(9);
        for (Curve curve : Curve.values()) {
            for (boolean bf16 : new boolean[] {false, true}) {
                groupNorm(curve, bf16);
                batchNorm(curve, bf16);
            }
        }
        for (boolean silu : new boolean[] {false, true}) {
            normForward(silu);
            packedNormForward(silu);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Enough numbers that an other way of rounding shows. */
    private void functions() {
        float[] x = normal(FUNCTION_VALUES, 8);
        float[] exponentials = new float[x.length];
        float[] logarithms = new float[x.length];
        for (int i = 0; i < x.length; i += VectorMath.LANES) {
            FloatVector e = VectorMath.exp(FloatVector.fromArray(VectorMath.FLOATS, x, i));
            e.intoArray(exponentials, i);
            VectorMath.log(e).intoArray(logarithms, i);
        }
        add(exponentials, logarithms);
    }

    private void scores() {
        int rows = 3;
        float[] x = normal(2 * rows * CHANNELS, 30);
        int[] packed = new int[rows * CHANNELS];
        for (int i = 0; i < packed.length; i++) {
            packed[i] = Float.floatToRawIntBits(x[2 * i]) & 0xFFFF0000 | Float.floatToRawIntBits(x[2 * i + 1]) >>> 16;
        }
        float[] sums = new float[rows];
        ScoreLoops.exponentials(packed, rows, 2 * CHANNELS, 0.5f, sums, 0);
        add(packed);
        add(sums);
        int[] weights = packed.clone();
        ScoreLoops.weights(weights, rows, 2 * CHANNELS, 0.5f, sums, 0);
        ScoreLoops.gradients(weights, packed, packed.length, 0.5f);
        add(weights);
    }

    private void gates() {
        int rows = 3;
        int[] both = packed(2 * rows * CHANNELS);
        int[] result = new int[rows * CHANNELS / 2];
        GateKernel kernel = new GateKernel();
        kernel.forward(both, rows, CHANNELS / 2, result);
        add(result);
        kernel.backward(both, rows, CHANNELS / 2, result);
        add(both);
    }

    private void attention(double scale) {
        int n = AttentionKernel.stride(TOKENS);
        int size = AttentionKernel.HEAD * n;
        float[] qkv = normal(3 * size, scale);
        float[] gradient = normal(size, 1);
        float[] out = new float[size];
        float[] logSums = new float[n];
        float[] gradients = new float[3 * size];
        AttentionKernel kernel = new AttentionKernel(TOKENS);
        kernel.forward(qkv, 0, size, 2 * size, out, 0, logSums, 0);
        kernel.backward(qkv, 0, size, 2 * size, out, gradient, 0, logSums, 0, gradients);
        add(out, logSums, gradients);
    }

    private void groupNorm(Curve curve, boolean bf16) {
        NormKernel kernel = new NormKernel(CHANNELS, GROUPS, 1e-5, curve, bf16);
        kernel.add(normal(CHANNELS, 1), 0);
        float[] weight = normal(CHANNELS, 1);
        float[] bias = normal(CHANNELS, 1);
        float[] stats = new float[2 * GROUPS];
        float[] added = new float[CHANNELS];
        double[] ofWeight = new double[CHANNELS];
        double[] ofBias = new double[CHANNELS];
        if (bf16) {
            int[] x = packed(PIXELS * CHANNELS);
            int[] y = x.clone();
            int[] gradient = packed(PIXELS * CHANNELS);
            kernel.forward(y, PIXELS, weight, bias, stats);
            kernel.backward(gradient, x, PIXELS, weight, bias, stats, ofWeight, ofBias, added, 0);
            add(y, gradient);
        } else {
            float[] x = normal(PIXELS * CHANNELS, 4);
            float[] y = x.clone();
            float[] gradient = normal(PIXELS * CHANNELS, 1);
            kernel.forward(y, PIXELS, weight, bias, stats);
            kernel.backward(gradient, x, PIXELS, weight, bias, stats, ofWeight, ofBias, added, 0);
            add(y, gradient);
        }
        add(stats, added);
        add(ofWeight, ofBias);
    }

    private void batchNorm(Curve curve, boolean bf16) {
        BatchKernel kernel = new BatchKernel(CHANNELS, curve, bf16);
        float[][] scale = BatchKernel.spread(normal(CHANNELS, 1), bf16);
        float[][] offset = BatchKernel.spread(normal(CHANNELS, 1), bf16);
        double[] sums = new double[CHANNELS];
        double[] products = new double[CHANNELS];
        Object x = bf16 ? packed(PIXELS * CHANNELS) : normal(PIXELS * CHANNELS, 4);
        Object y = bf16 ? ((int[]) x).clone() : ((float[]) x).clone();
        Object gradient = bf16 ? packed(PIXELS * CHANNELS) : normal(PIXELS * CHANNELS, 1);
        kernel.sums(x, PIXELS, offset, sums, products);
        kernel.apply(y, PIXELS, scale, offset, scale);
        kernel.gradientSums(gradient, x, PIXELS, scale, offset, sums, products, sums);
        kernel.gradient(gradient, x, PIXELS, scale, offset, scale, offset, scale, products);
        add(sums, products);
        if (bf16) {
            add((int[]) y, (int[]) gradient);
        } else {
            add((float[]) y, (float[]) gradient);
        }
    }

    private void normForward(boolean silu) {
        float[] x = normal(PIXELS * CHANNELS, 4);
        float[] sums = new float[2 * CHANNELS];
        NormForward.sums(x, PIXELS, CHANNELS, normal(CHANNELS, 1), sums, 0);
        NormForward.apply(x, PIXELS, CHANNELS, normal(CHANNELS, 1), normal(CHANNELS, 1), silu);
        add(x, sums);
    }

    private void packedNormForward(boolean silu) {
        int[] x = packed(PIXELS * CHANNELS);
        float[] sums = new float[2 * CHANNELS];
        NormForward.sums(x, PIXELS, CHANNELS, normal(CHANNELS, 1), sums, 0);
        NormForward.apply(x, PIXELS, CHANNELS, normal(CHANNELS, 1), normal(CHANNELS, 1), silu);
        add(x);
        add(sums);
    }

    private float[] normal(int n, double scale) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (scale * random.nextGaussian());
        }
        return values;
    }

    private int[] packed(int numbers) {
        float[] even = normal(numbers / 2, 4);
        float[] odd = normal(numbers / 2, 4);
        int[] packed = new int[numbers / 2];
        for (int i = 0; i < packed.length; i++) {
            packed[i] = Float.floatToRawIntBits(odd[i]) & 0xFFFF0000 | Float.floatToRawIntBits(even[i]) >>> 16;
        }
        return packed;
    }

    private void add(float[]... results) {
        for (float[] result : results) {
            ByteBuffer bytes = ByteBuffer.allocate(4 * result.length);
            bytes.asFloatBuffer().put(result);
            digest.update(bytes);
        }
    }

    private void add(int[]... results) {
        for (int[] result : results) {
            ByteBuffer bytes = ByteBuffer.allocate(4 * result.length);
            bytes.asIntBuffer().put(result);
            digest.update(bytes);
        }
    }

    private void add(double[]... results) {
        for (double[] result : results) {
            ByteBuffer bytes = ByteBuffer.allocate(8 * result.length);
            bytes.asDoubleBuffer().put(result);
            digest.update(bytes);
        }
    }
}
