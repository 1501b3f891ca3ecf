// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * softmax(q·kᵀ/√8)·v and its gradient, for heads of eight channels, the size that diffusers' U-Nets use and for which matrix
 * products are too small to be fast. Vaswani et al. (2017), eq. 1; the scores are not kept, but made again for the gradient: Dao
 * et al. (2022).
 *
 * <p>q, k, v and the result are channel by channel: element {@code offset + d·stride + i} is channel d of token i, with the
 * tokens rounded up to the lanes ({@link #stride}); what lies beyond them must be finite. A vector holds one channel of several
 * tokens; the other side is read one token at a time, from rows of 16 numbers side by side.
 *
 * <p>One object serves one thread; it keeps its scratch memory. The loops are written out channel by channel, and call only small
 * methods that C2 takes in, because it keeps vectors in registers only where it sees all of a loop at once.
 */
public final class AttentionKernel {
    /** Channels of a head. */
    public static final int HEAD = 8;

    static final int ROW = 2 * HEAD;
    /** A vector of slopes lies at its row's place times this: at the same place where a row holds a vector. */
    static final int SPREAD = Math.max(1, VectorMath.LANES / ROW);

    private static final VectorSpecies<Float> S = VectorMath.FLOATS;
    private static final float SCALE = (float) (1 / Math.sqrt(HEAD));
    /** Scores may lie twice this far below the bound that they are compared with, and no exponential vanishes. */
    private static final float SAFE = 40f;

    private final int tokens;
    private final int stride;
    private final float[] rows;
    private final float[] delta;
    private final float[] negatives;
    private final float[] slopes;

    public AttentionKernel(int tokens) {
        this.tokens = tokens;
        this.stride = stride(tokens);
        rows = new float[ROW * stride];
        delta = new float[stride];
        negatives = new float[stride];
        slopes = new float[ROW * SPREAD * stride];
    }

    /** {@code tokens} rounded up to the lanes. */
    public static int stride(int tokens) {
        return (tokens + VectorMath.LANES - 1) / VectorMath.LANES * VectorMath.LANES;
    }

    /**
     * One head.
     *
     * @param x q at {@code q}, k at {@code k}, v at {@code v}
     * @param out receives the result at {@code o}
     * @param logSums receives ln Σ e^score of each token at {@code l}
     */
    public void forward(float[] x, int q, int k, int v, float[] out, int o, float[] logSums, int l) {
        packRows(x, k, SCALE, x, v);
        float largestKey = largestKey();
        for (int i = 0; i < stride; i += VectorMath.LANES) {
            bound(x, q + i, largestKey, logSums, l + i);
            forwardBlock(x, q + i, rows, tokens, stride, out, o + i, logSums, l + i);
        }
    }

    /** Channels of two arrays side by side, token by token: 8 of {@code first} times {@code factor}, then 8 of {@code second}. */
    private void packRows(float[] first, int f, float factor, float[] second, int s) {
        for (int d = 0; d < HEAD; d++) {
            int a = f + d * stride;
            int b = s + d * stride;
            for (int i = 0, r = d; i < tokens; i++, r += ROW) {
                rows[r] = factor * first[a + i];
                rows[r + HEAD] = second[b + i];
            }
        }
    }

    private float largestKey() {
        float largest = 0;
        for (int r = 0; r < tokens * ROW; r += ROW) {
            float squares = 0;
            for (int d = 0; d < HEAD; d++) {
                squares += rows[r + d] * rows[r + d];
            }
            largest = Math.max(largest, squares);
        }
        return (float) Math.sqrt(largest);
    }

    /** At least each query's largest score: |q|·max|k|, or the score itself where that is too rough. */
    private void bound(float[] x, int q, float largestKey, float[] into, int at) {
        for (int lane = 0; lane < VectorMath.LANES; lane++) {
            float squares = 0;
            for (int d = 0; d < HEAD; d++) {
                float c = x[q + d * stride + lane];
                squares += c * c;
            }
            float rough = (float) Math.sqrt(squares) * largestKey;
            into[at + lane] = rough > SAFE ? largestScore(x, q + lane) : rough;
        }
    }

    private float largestScore(float[] x, int q) {
        float best = Float.NEGATIVE_INFINITY;
        for (int r = 0; r < tokens * ROW; r += ROW) {
            float score = 0;
            for (int d = 0; d < HEAD; d++) {
                score += x[q + d * stride] * rows[r + d];
            }
            best = Math.max(best, score);
        }
        return best;
    }

    /** A vector of queries against all keys; {@code logSums} holds the bounds at first. */
    private static void forwardBlock(
            float[] x, int q, float[] rows, int tokens, int n, float[] out, int o, float[] logSums, int l) {
        FloatVector top = FloatVector.fromArray(S, logSums, l);
        FloatVector below = top.neg();
        FloatVector zero = FloatVector.zero(S);
        FloatVector sum = zero;
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        FloatVector a2 = zero;
        FloatVector a3 = zero;
        FloatVector a4 = zero;
        FloatVector a5 = zero;
        FloatVector a6 = zero;
        FloatVector a7 = zero;
        for (int r = 0; r < tokens * ROW; r += ROW) {
            FloatVector p = VectorMath.expOfNumber(score(x, q, n, rows, r, below));
            sum = sum.add(p);
            a0 = p.fma(FloatVector.broadcast(S, rows[r + 8]), a0);
            a1 = p.fma(FloatVector.broadcast(S, rows[r + 9]), a1);
            a2 = p.fma(FloatVector.broadcast(S, rows[r + 10]), a2);
            a3 = p.fma(FloatVector.broadcast(S, rows[r + 11]), a3);
            a4 = p.fma(FloatVector.broadcast(S, rows[r + 12]), a4);
            a5 = p.fma(FloatVector.broadcast(S, rows[r + 13]), a5);
            a6 = p.fma(FloatVector.broadcast(S, rows[r + 14]), a6);
            a7 = p.fma(FloatVector.broadcast(S, rows[r + 15]), a7);
        }
        sum = sum.add(top.sub(top)); // not a number stays so
        VectorMath.log(sum).add(top).intoArray(logSums, l);
        FloatVector share = FloatVector.broadcast(S, 1f).div(sum);
        a0.mul(share).intoArray(out, o);
        a1.mul(share).intoArray(out, o + n);
        a2.mul(share).intoArray(out, o + 2 * n);
        a3.mul(share).intoArray(out, o + 3 * n);
        a4.mul(share).intoArray(out, o + 4 * n);
        a5.mul(share).intoArray(out, o + 5 * n);
        a6.mul(share).intoArray(out, o + 6 * n);
        a7.mul(share).intoArray(out, o + 7 * n);
    }

    /**
     * The scores of a vector of queries for one key, in two sums that do not wait for each other. The queries are the same for each
     * key, so that C2 loads them before its loop.
     */
    private static FloatVector score(float[] x, int q, int n, float[] rows, int r, FloatVector below) {
        FloatVector s = FloatVector.fromArray(S, x, q).fma(FloatVector.broadcast(S, rows[r]), below);
        FloatVector t = FloatVector.fromArray(S, x, q + 4 * n).mul(FloatVector.broadcast(S, rows[r + 4]));
        s = FloatVector.fromArray(S, x, q + n).fma(FloatVector.broadcast(S, rows[r + 1]), s);
        t = FloatVector.fromArray(S, x, q + 5 * n).fma(FloatVector.broadcast(S, rows[r + 5]), t);
        s = FloatVector.fromArray(S, x, q + 2 * n).fma(FloatVector.broadcast(S, rows[r + 2]), s);
        t = FloatVector.fromArray(S, x, q + 6 * n).fma(FloatVector.broadcast(S, rows[r + 6]), t);
        s = FloatVector.fromArray(S, x, q + 3 * n).fma(FloatVector.broadcast(S, rows[r + 3]), s);
        t = FloatVector.fromArray(S, x, q + 7 * n).fma(FloatVector.broadcast(S, rows[r + 7]), t);
        return s.add(t);
    }

    /**
     * The gradients of one head, with p = e^(score − ln Σ), dp = do·v and ds = p·(dp − δ)/√8, δ = do·o: dq = Σⱼ ds·k, dk = Σᵢ
     * ds·q, dv = Σᵢ p·do.
     *
     * @param out the result of {@link #forward}, at {@code o}
     * @param gradient of the result, at {@code o}
     * @param into receives the gradients of q, k and v at {@code q}, {@code k} and {@code v}
     */
    public void backward(
            float[] x,
            int q,
            int k,
            int v,
            float[] out,
            float[] gradient,
            int o,
            float[] logSums,
            int l,
            float[] into) {
        for (int i = 0; i < stride; i++) {
            float sum = 0;
            for (int d = 0; d < HEAD; d++) {
                sum += out[o + d * stride + i] * gradient[o + d * stride + i];
            }
            delta[i] = -sum;
            negatives[i] = -logSums[l + i];
        }
        packRows(x, k, SCALE, x, v);
        for (int i = 0; i < stride; i += VectorMath.LANES) {
            AttentionGradients.slopesOfQueries(
                    x, q + i, gradient, o + i, rows, tokens, stride, negatives, delta, i, slopes);
            AttentionGradients.weighRows(rows, 0, slopes, tokens, stride, into, q + i);
        }
        packRows(x, q, SCALE, gradient, o);
        for (int j = 0; j < stride; j += VectorMath.LANES) {
            AttentionGradients.slopesOfKeys(x, k + j, v + j, rows, tokens, stride, negatives, delta, slopes, into);
            AttentionGradients.weighRows(rows, 0, slopes, tokens, stride, into, k + j);
        }
    }
}
