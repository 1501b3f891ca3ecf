// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loops of {@link AttentionKernel#backward}, each for one vector of tokens against all rows.
 *
 * <p>Each loop has one counter, and little more than eight vectors that live through it. With a second counter, or with an exponential beside
 * sixteen vectors, C2 leaves a check of an array's end within the loop and, for its sake, writes all vectors to the stack and reads
 * them back, in each turn: the gradients then take twice as long.
 */
final class AttentionGradients {
    private static final VectorSpecies<Float> S = VectorMath.FLOATS;
    private static final int ROW = AttentionKernel.ROW;
    private static final int HEAD = AttentionKernel.HEAD;
    private static final int SPREAD = AttentionKernel.SPREAD;

    private AttentionGradients() {}

    /**
     * p·(dp − δ) of a vector of queries for each key.
     *
     * @param rows √8⁻¹·k and v of each token
     * @param slopes receives a vector for each key, at its row's place times {@link AttentionKernel#SPREAD}
     */
    static void slopesOfQueries(
            float[] x,
            int q,
            float[] gradient,
            int o,
            float[] rows,
            int tokens,
            int n,
            float[] negatives,
            float[] delta,
            int at,
            float[] slopes) {
        powersOfQueries(x, q, rows, tokens, n, FloatVector.fromArray(S, negatives, at), slopes);
        timesSlopesOfGradients(gradient, o, rows, tokens, n, FloatVector.fromArray(S, delta, at), slopes);
    }

    /** p of a vector of queries for each key. */
    private static void powersOfQueries(
            float[] x, int q, float[] rows, int tokens, int n, FloatVector below, float[] slopes) {
        FloatVector q0 = FloatVector.fromArray(S, x, q);
        FloatVector q1 = FloatVector.fromArray(S, x, q + n);
        FloatVector q2 = FloatVector.fromArray(S, x, q + 2 * n);
        FloatVector q3 = FloatVector.fromArray(S, x, q + 3 * n);
        FloatVector q4 = FloatVector.fromArray(S, x, q + 4 * n);
        FloatVector q5 = FloatVector.fromArray(S, x, q + 5 * n);
        FloatVector q6 = FloatVector.fromArray(S, x, q + 6 * n);
        FloatVector q7 = FloatVector.fromArray(S, x, q + 7 * n);
        for (int r = 0; r < tokens * ROW; r += ROW) {
            FloatVector score = dot(q0, q1, q2, q3, q4, q5, q6, q7, rows, r, below);
            VectorMath.expOfNumber(score).intoArray(slopes, r * SPREAD);
        }
    }

    /** Slopes p become p·(dp − δ), of a vector of queries. */
    private static void timesSlopesOfGradients(
            float[] gradient, int o, float[] rows, int tokens, int n, FloatVector offset, float[] slopes) {
        FloatVector g0 = FloatVector.fromArray(S, gradient, o);
        FloatVector g1 = FloatVector.fromArray(S, gradient, o + n);
        FloatVector g2 = FloatVector.fromArray(S, gradient, o + 2 * n);
        FloatVector g3 = FloatVector.fromArray(S, gradient, o + 3 * n);
        FloatVector g4 = FloatVector.fromArray(S, gradient, o + 4 * n);
        FloatVector g5 = FloatVector.fromArray(S, gradient, o + 5 * n);
        FloatVector g6 = FloatVector.fromArray(S, gradient, o + 6 * n);
        FloatVector g7 = FloatVector.fromArray(S, gradient, o + 7 * n);
        for (int r = 0; r < tokens * ROW; r += ROW) {
            FloatVector slope = dot(g0, g1, g2, g3, g4, g5, g6, g7, rows, r + HEAD, offset);
            FloatVector.fromArray(S, slopes, r * SPREAD).mul(slope).intoArray(slopes, r * SPREAD);
        }
    }

    /**
     * p·(dp − δ) of a vector of keys for each query, and dv.
     *
     * @param rows √8⁻¹·q and do of each token
     * @param slopes receives a vector for each query
     * @param into receives dv at {@code v}
     */
    static void slopesOfKeys(
            float[] x,
            int k,
            int v,
            float[] rows,
            int tokens,
            int n,
            float[] negatives,
            float[] delta,
            float[] slopes,
            float[] into) {
        powersOfKeys(x, k, rows, tokens, n, negatives, slopes);
        weighRows(rows, HEAD, slopes, tokens, n, into, v);
        timesSlopesOfValues(x, v, rows, tokens, n, delta, slopes);
    }

    /** p of a vector of keys for each query. */
    private static void powersOfKeys(
            float[] x, int k, float[] rows, int tokens, int n, float[] negatives, float[] slopes) {
        FloatVector k0 = FloatVector.fromArray(S, x, k);
        FloatVector k1 = FloatVector.fromArray(S, x, k + n);
        FloatVector k2 = FloatVector.fromArray(S, x, k + 2 * n);
        FloatVector k3 = FloatVector.fromArray(S, x, k + 3 * n);
        FloatVector k4 = FloatVector.fromArray(S, x, k + 4 * n);
        FloatVector k5 = FloatVector.fromArray(S, x, k + 5 * n);
        FloatVector k6 = FloatVector.fromArray(S, x, k + 6 * n);
        FloatVector k7 = FloatVector.fromArray(S, x, k + 7 * n);
        for (int r = 0; r < tokens * ROW; r += ROW) {
            FloatVector below = FloatVector.broadcast(S, negatives[r / ROW]);
            FloatVector score = dot(k0, k1, k2, k3, k4, k5, k6, k7, rows, r, below);
            VectorMath.expOfNumber(score).intoArray(slopes, r * SPREAD);
        }
    }

    /** Slopes p become p·(dp − δ), of a vector of keys. */
    private static void timesSlopesOfValues(
            float[] x, int v, float[] rows, int tokens, int n, float[] delta, float[] slopes) {
        FloatVector v0 = FloatVector.fromArray(S, x, v);
        FloatVector v1 = FloatVector.fromArray(S, x, v + n);
        FloatVector v2 = FloatVector.fromArray(S, x, v + 2 * n);
        FloatVector v3 = FloatVector.fromArray(S, x, v + 3 * n);
        FloatVector v4 = FloatVector.fromArray(S, x, v + 4 * n);
        FloatVector v5 = FloatVector.fromArray(S, x, v + 5 * n);
        FloatVector v6 = FloatVector.fromArray(S, x, v + 6 * n);
        FloatVector v7 = FloatVector.fromArray(S, x, v + 7 * n);
        for (int r = 0; r < tokens * ROW; r += ROW) {
            FloatVector offset = FloatVector.broadcast(S, delta[r / ROW]);
            FloatVector slope = dot(v0, v1, v2, v3, v4, v5, v6, v7, rows, r + HEAD, offset);
            FloatVector.fromArray(S, slopes, r * SPREAD).mul(slope).intoArray(slopes, r * SPREAD);
        }
    }

    /** offset + Σ xd·row[at + d] over the eight channels of a vector of tokens, in two sums that do not wait for each other. */
    private static FloatVector dot(
            FloatVector x0,
            FloatVector x1,
            FloatVector x2,
            FloatVector x3,
            FloatVector x4,
            FloatVector x5,
            FloatVector x6,
            FloatVector x7,
            float[] row,
            int at,
            FloatVector offset) {
        FloatVector s = x0.fma(FloatVector.broadcast(S, row[at]), offset);
        FloatVector t = x4.mul(FloatVector.broadcast(S, row[at + 4]));
        s = x1.fma(FloatVector.broadcast(S, row[at + 1]), s);
        t = x5.fma(FloatVector.broadcast(S, row[at + 5]), t);
        s = x2.fma(FloatVector.broadcast(S, row[at + 2]), s);
        t = x6.fma(FloatVector.broadcast(S, row[at + 6]), t);
        s = x3.fma(FloatVector.broadcast(S, row[at + 3]), s);
        t = x7.fma(FloatVector.broadcast(S, row[at + 7]), t);
        return s.add(t);
    }

    /** into[d] = Σ row[half + d]·slope: eight channels of the rows weighed by the slopes. */
    static void weighRows(float[] rows, int half, float[] slopes, int tokens, int n, float[] into, int at) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector a0 = zero;
        FloatVector a1 = zero;
        FloatVector a2 = zero;
        FloatVector a3 = zero;
        FloatVector a4 = zero;
        FloatVector a5 = zero;
        FloatVector a6 = zero;
        FloatVector a7 = zero;
        for (int r = 0; r < tokens * ROW; r += ROW) {
            FloatVector s = FloatVector.fromArray(S, slopes, r * SPREAD);
            a0 = s.fma(FloatVector.broadcast(S, rows[r + half]), a0);
            a1 = s.fma(FloatVector.broadcast(S, rows[r + half + 1]), a1);
            a2 = s.fma(FloatVector.broadcast(S, rows[r + half + 2]), a2);
            a3 = s.fma(FloatVector.broadcast(S, rows[r + half + 3]), a3);
            a4 = s.fma(FloatVector.broadcast(S, rows[r + half + 4]), a4);
            a5 = s.fma(FloatVector.broadcast(S, rows[r + half + 5]), a5);
            a6 = s.fma(FloatVector.broadcast(S, rows[r + half + 6]), a6);
            a7 = s.fma(FloatVector.broadcast(S, rows[r + half + 7]), a7);
        }
        a0.intoArray(into, at);
        a1.intoArray(into, at + n);
        a2.intoArray(into, at + 2 * n);
        a3.intoArray(into, at + 3 * n);
        a4.intoArray(into, at + 4 * n);
        a5.intoArray(into, at + 5 * n);
        a6.intoArray(into, at + 6 * n);
        a7.intoArray(into, at + 7 * n);
    }
}
