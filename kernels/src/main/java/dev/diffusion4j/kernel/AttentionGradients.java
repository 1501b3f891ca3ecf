// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The inner loops of {@link AttentionKernel#backward}, each for one vector of tokens against all rows. */
final class AttentionGradients {
    private static final VectorSpecies<Float> S = VectorMath.FLOATS;

    private AttentionGradients() {}

    /**
     * p·(dp − δ) of a vector of queries for each key.
     *
     * @param rows √8⁻¹·k and v of each token
     * @param slopes receives a vector for each key
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
        FloatVector q0 = FloatVector.fromArray(S, x, q);
        FloatVector q1 = FloatVector.fromArray(S, x, q + n);
        FloatVector q2 = FloatVector.fromArray(S, x, q + 2 * n);
        FloatVector q3 = FloatVector.fromArray(S, x, q + 3 * n);
        FloatVector q4 = FloatVector.fromArray(S, x, q + 4 * n);
        FloatVector q5 = FloatVector.fromArray(S, x, q + 5 * n);
        FloatVector q6 = FloatVector.fromArray(S, x, q + 6 * n);
        FloatVector q7 = FloatVector.fromArray(S, x, q + 7 * n);
        FloatVector g0 = FloatVector.fromArray(S, gradient, o);
        FloatVector g1 = FloatVector.fromArray(S, gradient, o + n);
        FloatVector g2 = FloatVector.fromArray(S, gradient, o + 2 * n);
        FloatVector g3 = FloatVector.fromArray(S, gradient, o + 3 * n);
        FloatVector g4 = FloatVector.fromArray(S, gradient, o + 4 * n);
        FloatVector g5 = FloatVector.fromArray(S, gradient, o + 5 * n);
        FloatVector g6 = FloatVector.fromArray(S, gradient, o + 6 * n);
        FloatVector g7 = FloatVector.fromArray(S, gradient, o + 7 * n);
        FloatVector below = FloatVector.fromArray(S, negatives, at);
        FloatVector offset = FloatVector.fromArray(S, delta, at);
        for (int j = 0, r = 0, w = 0; j < tokens; j++, r += AttentionKernel.ROW, w += VectorMath.LANES) {
            FloatVector s = q0.fma(FloatVector.broadcast(S, rows[r]), below);
            FloatVector t = q4.mul(FloatVector.broadcast(S, rows[r + 4]));
            s = q1.fma(FloatVector.broadcast(S, rows[r + 1]), s);
            t = q5.fma(FloatVector.broadcast(S, rows[r + 5]), t);
            s = q2.fma(FloatVector.broadcast(S, rows[r + 2]), s);
            t = q6.fma(FloatVector.broadcast(S, rows[r + 6]), t);
            s = q3.fma(FloatVector.broadcast(S, rows[r + 3]), s);
            t = q7.fma(FloatVector.broadcast(S, rows[r + 7]), t);
            FloatVector u = g0.fma(FloatVector.broadcast(S, rows[r + 8]), offset);
            FloatVector v = g4.mul(FloatVector.broadcast(S, rows[r + 12]));
            u = g1.fma(FloatVector.broadcast(S, rows[r + 9]), u);
            v = g5.fma(FloatVector.broadcast(S, rows[r + 13]), v);
            u = g2.fma(FloatVector.broadcast(S, rows[r + 10]), u);
            v = g6.fma(FloatVector.broadcast(S, rows[r + 14]), v);
            u = g3.fma(FloatVector.broadcast(S, rows[r + 11]), u);
            v = g7.fma(FloatVector.broadcast(S, rows[r + 15]), v);
            VectorMath.exp(s.add(t)).mul(u.add(v)).intoArray(slopes, w);
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
        weighRows(rows, AttentionKernel.HEAD, slopes, tokens, n, into, v);
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
        for (int i = 0, r = 0, w = 0; i < tokens; i++, r += AttentionKernel.ROW, w += VectorMath.LANES) {
            FloatVector s = k0.fma(FloatVector.broadcast(S, rows[r]), FloatVector.broadcast(S, negatives[i]));
            FloatVector t = k4.mul(FloatVector.broadcast(S, rows[r + 4]));
            s = k1.fma(FloatVector.broadcast(S, rows[r + 1]), s);
            t = k5.fma(FloatVector.broadcast(S, rows[r + 5]), t);
            s = k2.fma(FloatVector.broadcast(S, rows[r + 2]), s);
            t = k6.fma(FloatVector.broadcast(S, rows[r + 6]), t);
            s = k3.fma(FloatVector.broadcast(S, rows[r + 3]), s);
            t = k7.fma(FloatVector.broadcast(S, rows[r + 7]), t);
            VectorMath.exp(s.add(t)).intoArray(slopes, w);
        }
    }

    /** Slopes p become p·(dp − δ). */
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
        for (int i = 0, r = 0, w = 0; i < tokens; i++, r += AttentionKernel.ROW, w += VectorMath.LANES) {
            FloatVector s = v0.fma(FloatVector.broadcast(S, rows[r + 8]), FloatVector.broadcast(S, delta[i]));
            FloatVector t = v4.mul(FloatVector.broadcast(S, rows[r + 12]));
            s = v1.fma(FloatVector.broadcast(S, rows[r + 9]), s);
            t = v5.fma(FloatVector.broadcast(S, rows[r + 13]), t);
            s = v2.fma(FloatVector.broadcast(S, rows[r + 10]), s);
            t = v6.fma(FloatVector.broadcast(S, rows[r + 14]), t);
            s = v3.fma(FloatVector.broadcast(S, rows[r + 11]), s);
            t = v7.fma(FloatVector.broadcast(S, rows[r + 15]), t);
            FloatVector.fromArray(S, slopes, w).mul(s.add(t)).intoArray(slopes, w);
        }
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
        for (int j = 0, r = half, w = 0; j < tokens; j++, r += AttentionKernel.ROW, w += VectorMath.LANES) {
            FloatVector s = FloatVector.fromArray(S, slopes, w);
            a0 = s.fma(FloatVector.broadcast(S, rows[r]), a0);
            a1 = s.fma(FloatVector.broadcast(S, rows[r + 1]), a1);
            a2 = s.fma(FloatVector.broadcast(S, rows[r + 2]), a2);
            a3 = s.fma(FloatVector.broadcast(S, rows[r + 3]), a3);
            a4 = s.fma(FloatVector.broadcast(S, rows[r + 4]), a4);
            a5 = s.fma(FloatVector.broadcast(S, rows[r + 5]), a5);
            a6 = s.fma(FloatVector.broadcast(S, rows[r + 6]), a6);
            a7 = s.fma(FloatVector.broadcast(S, rows[r + 7]), a7);
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
