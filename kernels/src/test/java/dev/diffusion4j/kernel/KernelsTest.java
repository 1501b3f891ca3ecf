// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The loops against the formulas in double. */
class KernelsTest {
    private static final int D = AttentionKernel.HEAD;

    private static float[] normal(int n, double scale, Random random) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (scale * random.nextGaussian());
        }
        return values;
    }

    private static float bf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000);
    }

    @Test
    void the_vector_module_is_there_in_the_tests() {
        assertThat(VectorSupport.isAvailable()).isTrue();
        assertThat(VectorSupport.lanes()).isGreaterThanOrEqualTo(4);
    }

    @Test
    void the_logarithm_is_right_to_a_few_last_bits() {
        float[] x = new float[VectorMath.LANES];
        for (float start = 1.2e-38f; start < 1e38f; start *= 1.01f) {
            for (int i = 0; i < x.length; i++) {
                x[i] = start * (1 + 0.01f * i / x.length);
            }
            FloatVector actual = VectorMath.log(FloatVector.fromArray(VectorMath.FLOATS, x, 0));
            for (int i = 0; i < x.length; i++) {
                double expected = Math.log(x[i]);
                assertThat((double) actual.lane(i))
                        .isCloseTo(expected, within(1.2e-7 * Math.max(1, Math.abs(expected))));
            }
        }
        x[0] = Float.NaN;
        assertThat(VectorMath.log(FloatVector.fromArray(VectorMath.FLOATS, x, 0))
                        .lane(0))
                .isNaN();
    }

    /** Their sums are exact to the eight in 100,000 of the polynomial, they themselves to that and half a last digit of bf16. */
    @Test
    void exponentials_of_scores_and_their_sums_follow_the_formula() {
        int rows = 3;
        int width = 4 * VectorMath.LANES;
        float[] scores = normal(rows * width, 30, new Random(3));
        int[] packed = new int[scores.length / 2];
        for (int i = 0; i < packed.length; i++) {
            packed[i] = Float.floatToRawIntBits(bf16(scores[2 * i])) >>> 16
                    | Float.floatToRawIntBits(bf16(scores[2 * i + 1]));
        }
        float[] sums = new float[rows + 1];
        ScoreLoops.exponentials(packed, rows, width, 0.4f, sums, 1);
        for (int row = 0; row < rows; row++) {
            double sum = 0;
            for (int i = row * width; i < (row + 1) * width; i++) {
                double expected = Math.exp(0.4f * (double) bf16(scores[i])) * 0x1p-60;
                int half = i % 2 == 0 ? packed[i / 2] << 16 : packed[i / 2] & 0xffff0000;
                assertThat((double) Float.intBitsToFloat(half)).isCloseTo(expected, within(0.0041 * expected));
                sum += expected;
            }
            assertThat((double) sums[row + 1]).isCloseTo(sum, within(1e-4 * sum));
        }
    }

    @Test
    void exponentials_of_extreme_scores_are_normal_and_finite() {
        int width = 2 * VectorMath.LANES;
        int[] packed = new int[width / 2];
        Arrays.fill(packed, Float.floatToRawIntBits(bf16(-3000f)) | Float.floatToRawIntBits(bf16(3000f)) >>> 16);
        float[] sums = new float[1];
        ScoreLoops.exponentials(packed, 1, width, 1f, sums, 0);
        assertThat(Float.intBitsToFloat(packed[0] << 16)).isBetween(1e26f, 1e28f);
        assertThat(Float.intBitsToFloat(packed[0] & 0xffff0000)).isBetween(1e-38f, 2e-38f);
        assertThat(sums[0]).isBetween(1e26f, 1e30f);
    }

    @ParameterizedTest(name = "{0} tokens, scale {1}")
    @CsvSource({"196, 1", "49, 1", "16, 1", "1, 1", "37, 6"})
    void attention_and_its_gradients_follow_the_formula(int tokens, double scale) {
        Random random = new Random(7);
        int n = AttentionKernel.stride(tokens);
        float[] qkv = normal(3 * D * n, scale, random);
        float[] gradient = normal(D * n, 1, random);
        float[] out = new float[D * n];
        float[] logSums = new float[n];
        AttentionKernel kernel = new AttentionKernel(tokens);
        kernel.forward(qkv, 0, D * n, 2 * D * n, out, 0, logSums, 0);
        float[] gradients = new float[3 * D * n];
        kernel.backward(qkv, 0, D * n, 2 * D * n, out, gradient, 0, logSums, 0, gradients);

        double[][] p = probabilities(qkv, tokens, n);
        double[] expected = new double[3 * D * n];
        for (int i = 0; i < tokens; i++) {
            double delta = 0;
            double[] dp = new double[tokens];
            for (int d = 0; d < D; d++) {
                double o = 0;
                for (int j = 0; j < tokens; j++) {
                    o += p[i][j] * qkv[2 * D * n + d * n + j];
                    dp[j] += (double) gradient[d * n + i] * qkv[2 * D * n + d * n + j];
                    expected[2 * D * n + d * n + j] += p[i][j] * gradient[d * n + i];
                }
                assertThat((double) out[d * n + i]).as("out").isCloseTo(o, within(2e-5 * scale));
                delta += o * gradient[d * n + i];
            }
            for (int j = 0; j < tokens; j++) {
                double ds = p[i][j] * (dp[j] - delta) / Math.sqrt(D);
                for (int d = 0; d < D; d++) {
                    expected[d * n + i] += ds * qkv[D * n + d * n + j];
                    expected[D * n + d * n + j] += ds * qkv[d * n + i];
                }
            }
        }
        for (int part = 0; part < 3 * D; part++) {
            for (int i = 0; i < tokens; i++) {
                assertThat((double) gradients[part * n + i])
                        .as("gradient %d of token %d", part, i)
                        .isCloseTo(expected[part * n + i], within(1e-4 * scale * scale));
            }
        }
    }

    @ParameterizedTest(name = "in {0}")
    @CsvSource({"q, 0", "k, 1", "v, 2"})
    void attention_hides_no_number_that_is_none(String part, int at) {
        int tokens = 20;
        int n = AttentionKernel.stride(tokens);
        float[] qkv = normal(3 * D * n, 1, new Random(7));
        qkv[at * D * n + 3] = Float.NaN;
        float[] out = new float[D * n];
        new AttentionKernel(tokens).forward(qkv, 0, D * n, 2 * D * n, out, 0, new float[n], 0);
        assertThat(out[3]).as("the result of token 3").isNaN();
    }

    private static double[][] probabilities(float[] qkv, int tokens, int n) {
        double[][] p = new double[tokens][tokens];
        for (int i = 0; i < tokens; i++) {
            double sum = 0;
            double top = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < tokens; j++) {
                for (int d = 0; d < D; d++) {
                    p[i][j] += (double) qkv[d * n + i] * qkv[D * n + d * n + j] / Math.sqrt(D);
                }
                top = Math.max(top, p[i][j]);
            }
            for (int j = 0; j < tokens; j++) {
                p[i][j] = Math.exp(p[i][j] - top);
                sum += p[i][j];
            }
            for (int j = 0; j < tokens; j++) {
                p[i][j] /= sum;
            }
        }
        return p;
    }

    @ParameterizedTest
    @EnumSource(Curve.class)
    void group_norm_and_its_gradients_follow_the_formula(Curve curve) {
        Random random = new Random(3);
        int channels = 64;
        int groups = 32;
        int pixels = 49;
        float[] x = normal(pixels * channels, 2, random);
        float[] added = normal(channels, 3, random);
        float[] sum = new float[x.length];
        float[] gradient = normal(pixels * channels, 1, random);
        for (int i = 0; i < x.length; i++) {
            x[i] = bf16(x[i] + 5);
            gradient[i] = bf16(gradient[i]);
            sum[i] = x[i] + added[i % channels];
        }
        float[] weight = normal(channels, 1, random);
        float[] bias = normal(channels, 1, random);
        double[] y = new double[x.length];
        double[] dx = new double[x.length];
        double[] dw = new double[channels];
        double[] db = new double[channels];
        reference(sum, gradient, weight, bias, groups, pixels, curve, y, dx, dw, db);

        NormKernel kernel = new NormKernel(channels, groups, 1e-5, curve, false);
        kernel.add(added, 0);
        float[] stats = new float[2 * groups];
        float[] addedGradient = new float[channels];
        float[] out = x.clone();
        kernel.forward(out, pixels, weight, bias, stats);
        float[] back = gradient.clone();
        double[] weightGradient = new double[channels];
        double[] biasGradient = new double[channels];
        kernel.backward(back, x.clone(), pixels, weight, bias, stats, weightGradient, biasGradient, addedGradient, 0);
        for (int i = 0; i < x.length; i++) {
            assertThat((double) out[i]).isCloseTo(y[i], within(2e-5));
            assertThat((double) back[i]).isCloseTo(dx[i], within(2e-5));
        }
        for (int c = 0; c < channels; c++) {
            double expected = 0;
            for (int pixel = 0; pixel < pixels; pixel++) {
                expected += dx[pixel * channels + c];
            }
            assertThat((double) addedGradient[c]).isCloseTo(expected, within(1e-4));
        }
        assertThat(weightGradient).containsExactly(dw, within(2e-3));
        assertThat(biasGradient).containsExactly(db, within(2e-3));

        NormKernel packed = new NormKernel(channels, groups, 1e-5, curve, true);
        packed.add(added, 0);
        int[] picture = pack(x);
        packed.forward(picture, pixels, weight, bias, stats);
        int[] packedGradient = pack(gradient);
        packed.backward(
                packedGradient,
                pack(x),
                pixels,
                weight,
                bias,
                stats,
                new double[channels],
                new double[channels],
                null,
                0);
        for (int i = 0; i < x.length; i++) {
            assertThat((double) unpack(picture, i)).isCloseTo(y[i], within(0.004 * Math.abs(y[i]) + 1e-5));
            assertThat((double) unpack(packedGradient, i)).isCloseTo(dx[i], within(0.004 * Math.abs(dx[i]) + 1e-5));
        }
    }

    private static int[] pack(float[] values) {
        int[] packed = new int[values.length / 2];
        for (int i = 0; i < packed.length; i++) {
            packed[i] = Float.floatToRawIntBits(bf16(values[2 * i + 1])) & 0xffff0000
                    | Float.floatToRawIntBits(bf16(values[2 * i])) >>> 16;
        }
        return packed;
    }

    private static float unpack(int[] packed, int i) {
        return Float.intBitsToFloat(i % 2 == 0 ? packed[i / 2] << 16 : packed[i / 2] & 0xffff0000);
    }

    @ParameterizedTest(name = "bf16 {0}, SiLU {1}")
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void group_norm_in_chunks_follows_the_formula(boolean isBf16, boolean silu) {
        int channels = 2 * 2 * VectorMath.LANES;
        int pixels = 7;
        NormForward.Norm norm = new NormForward.Norm(channels, 4, 1e-5, isBf16);
        Random random = new Random(3);
        float[] weight = normal(channels, 1, random);
        float[] bias = normal(channels, 1, random);
        float[] added = normal(channels, 2, random);
        float[] x = normal(pixels * channels, 3, random);
        for (int i = 0; i < x.length; i++) {
            x[i] = bf16(x[i] + 5);
        }
        x[channels] = 3000; // SiLU must stay whole far from zero, on both sides
        x[3 * channels + 1] = -3000;
        double[] expected = normed(x, added, pixels, norm, weight, bias, silu);

        float[] shift = new float[channels];
        float[] scale = new float[channels];
        float[] offset = new float[channels];
        float[] sums = new float[2 * 2 * channels];
        for (int c = 0; c < channels; c++) {
            shift[NormForward.column(c, channels, isBf16)] = x[c];
        }
        int first = 4; // pixels of the first chunk
        float[] actual = new float[x.length];
        for (boolean second : new boolean[] {false, true}) {
            int from = second ? first : 0;
            int count = second ? pixels - first : first;
            float[] plain = java.util.Arrays.copyOfRange(x, from * channels, (from + count) * channels);
            if (isBf16) {
                NormForward.sums(pack(plain), count, channels, shift, sums, second ? 2 * channels : 0);
            } else {
                NormForward.sums(plain, count, channels, shift, sums, second ? 2 * channels : 0);
            }
        }
        NormForward.affine(sums, 0, 2, pixels, norm, shift, added, 0, weight, bias, scale, offset);
        if (isBf16) {
            int[] packed = pack(x);
            NormForward.apply(packed, pixels, channels, scale, offset, silu);
            for (int i = 0; i < x.length; i++) {
                actual[i] = Float.intBitsToFloat(i % 2 == 0 ? packed[i / 2] << 16 : packed[i / 2] & 0xffff0000);
            }
        } else {
            System.arraycopy(x, 0, actual, 0, x.length);
            NormForward.apply(actual, pixels, channels, scale, offset, silu);
        }
        for (int i = 0; i < x.length; i++) {
            assertThat((double) actual[i])
                    .isCloseTo(expected[i], within((isBf16 ? 4e-3 : 2e-6) * Math.max(1, Math.abs(expected[i]))));
        }
    }

    @ParameterizedTest(name = "bf16 {0}")
    @ValueSource(booleans = {false, true})
    void silu_of_extremes_is_what_it_should_be(boolean isBf16) {
        int channels = 2 * VectorMath.LANES;
        float[] x = new float[channels];
        x[0] = 1e30f;
        x[1] = -1e30f;
        x[2] = Float.NaN;
        x[3] = Float.NaN;
        x[4] = -88;
        x[5] = 88;
        float[] scale = new float[channels];
        java.util.Arrays.fill(scale, 1);
        int[] packed = pack(x);
        if (isBf16) {
            NormForward.apply(packed, 1, channels, scale, new float[channels], true);
            for (int i = 0; i < 6; i++) {
                x[i] = Float.intBitsToFloat(i % 2 == 0 ? packed[i / 2] << 16 : packed[i / 2] & 0xffff0000);
            }
        } else {
            NormForward.apply(x, 1, channels, scale, new float[channels], true);
        }
        assertThat(x[0]).isCloseTo(1e30f, within(4e27f));
        assertThat(x[1]).isBetween(-1e-7f, 0f);
        assertThat(x[2]).isNaN();
        assertThat(x[3]).isNaN();
        assertThat(x[4]).isBetween(-1e-30f, 0f);
        assertThat(x[5]).isEqualTo(88f);
    }

    private static double[] normed(
            float[] x, float[] added, int pixels, NormForward.Norm norm, float[] weight, float[] bias, boolean silu) {
        int channels = norm.channels();
        int perGroup = channels / norm.groups();
        double[] y = new double[x.length];
        for (int group = 0; group < norm.groups(); group++) {
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < pixels * perGroup; i++) {
                int c = group * perGroup + i % perGroup;
                double value = (double) x[i / perGroup * channels + c] + added[c];
                sum += value;
                squares += value * value;
            }
            double mean = sum / (pixels * perGroup);
            double inverse = 1 / Math.sqrt(squares / (pixels * perGroup) - mean * mean + norm.eps());
            for (int i = 0; i < pixels * perGroup; i++) {
                int c = group * perGroup + i % perGroup;
                int at = i / perGroup * channels + c;
                double z = ((double) x[at] + added[c] - mean) * inverse * weight[c] + bias[c];
                y[at] = silu ? z / (1 + Math.exp(-z)) : z;
            }
        }
        return y;
    }

    private static void reference(
            float[] x,
            float[] gradient,
            float[] weight,
            float[] bias,
            int groups,
            int pixels,
            Curve curve,
            double[] y,
            double[] dx,
            double[] dw,
            double[] db) {
        int channels = weight.length;
        int per = channels / groups;
        double n = per * pixels;
        for (int g = 0; g < groups; g++) {
            double mean = 0;
            double variance = 0;
            for (int i = 0; i < x.length; i++) {
                mean += i % channels / per == g ? x[i] / n : 0;
            }
            for (int i = 0; i < x.length; i++) {
                variance += i % channels / per == g ? (x[i] - mean) * (x[i] - mean) / n : 0;
            }
            double inverse = 1 / Math.sqrt(variance + 1e-5);
            double[] dz = new double[x.length];
            double sum = 0;
            double sumNormed = 0;
            for (int i = 0; i < x.length; i++) {
                int c = i % channels;
                if (c / per != g) {
                    continue;
                }
                double normed = (x[i] - mean) * inverse;
                double z = normed * weight[c] + bias[c];
                y[i] = value(curve, z);
                dz[i] = gradient[i] * slope(curve, z);
                dw[c] += dz[i] * normed;
                db[c] += dz[i];
                sum += dz[i] * weight[c];
                sumNormed += dz[i] * weight[c] * normed;
            }
            for (int i = 0; i < x.length; i++) {
                int c = i % channels;
                if (c / per == g) {
                    double normed = (x[i] - mean) * inverse;
                    dx[i] = inverse * (dz[i] * weight[c] - sum / n - normed * sumNormed / n);
                }
            }
        }
    }

    private static double value(Curve curve, double z) {
        return switch (curve) {
            case NONE -> z;
            case SILU -> z / (1 + Math.exp(-z));
            case GELU -> z * normal(z);
            case RELU -> Math.max(z, 0);
        };
    }

    private static double slope(Curve curve, double z) {
        double s = 1 / (1 + Math.exp(-z));
        return switch (curve) {
            case NONE -> 1;
            case SILU -> s * (1 + z * (1 - s));
            case GELU -> normal(z) + z * Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
            case RELU -> z > 0 ? 1 : 0;
        };
    }

    /** Φ(z) = ½ + φ(z)·(z + z³/3 + z⁵/15 + …). */
    private static double normal(double z) {
        double term = z;
        double sum = z;
        for (int i = 3; Math.abs(term) > 1e-17; i += 2) {
            term *= z * z / i;
            sum += term;
        }
        return 0.5 + sum * Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
    }
}
