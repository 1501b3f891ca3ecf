// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.internal;

import dev.diffusion4j.schedule.LambdaTable;
import dev.diffusion4j.scheduler.config.AlgorithmType;

/**
 * What each output counts in a step of UniPC: Zhao et al. (2023), theorem 3.1. A step from level {@code from} combines the
 * differences D_k = (m_k − m_0)/r_k of outputs with weights that solve R·ρ = b. Arrays are newest output first.
 */
public final class UniPcWeights {
    private final LambdaTable levels;
    private final AlgorithmType type;
    private final boolean bh1;

    /** @param predictsOriginal whether x₀ is integrated, else ε */
    public UniPcWeights(LambdaTable levels, boolean predictsOriginal, boolean bh1) {
        this.levels = levels;
        this.type = predictsOriginal ? AlgorithmType.DPMSOLVER_PLUS_PLUS : AlgorithmType.DPMSOLVER;
        this.bh1 = bh1;
    }

    /** The step from a level to the next one. */
    public ExponentialStep step(int from) {
        return ExponentialStep.of(type, levels, from, from + 1);
    }

    /** For m_0 … m_{order−1}: UniP. */
    public double[] predictor(int from, int order) {
        ExponentialStep step = step(from);
        if (order == 1 || step.isEmpty()) {
            return new double[] {step.constant()};
        }
        double[] r = nodes(from, order - 1);
        double[] rho = order == 2 ? new double[] {0.5} : solution(step, r);
        return weights(step, r, rho, order);
    }

    /** For m_0 … m_{order−1}, then for the output at the step's end: UniC. */
    public double[] corrector(int from, int order) {
        ExponentialStep step = step(from);
        double[] r = new double[order];
        System.arraycopy(nodes(from, order - 1), 0, r, 0, order - 1);
        r[order - 1] = 1; // the step's end
        double[] rho = order == 1 ? new double[] {0.5} : solution(step, r);
        return weights(step, r, rho, order + 1);
    }

    /** r_k = (λ_{from−k} − λ_from)/h, k = 1 … count. */
    private double[] nodes(int from, int count) {
        double h = levels.lambda(from + 1) - levels.lambda(from);
        double[] r = new double[count];
        for (int k = 1; k <= count; k++) {
            r[k - 1] = (levels.lambda(from - k) - levels.lambda(from)) / h;
        }
        return r;
    }

    private double scale(ExponentialStep step) {
        return bh1 ? step.z() : step.growth();
    }

    private double[] weights(ExponentialStep step, double[] r, double[] rho, int count) {
        double[] weights = new double[count];
        weights[0] = step.constant();
        for (int k = 0; k < rho.length; k++) {
            double weight = -step.prefactor() * scale(step) * rho[k] / r[k];
            weights[k + 1] = weight;
            weights[0] -= weight;
        }
        return weights;
    }

    /** Σ_k r_k^(n−1)·ρ_k = n!·φ_{n+1}(z)·z/B(z) for n = 1, 2, …: the error's first terms vanish. */
    private double[] solution(ExponentialStep step, double[] r) {
        int n = r.length;
        double[][] rows = new double[n][n + 1];
        double phi = step.growth() / step.z() - 1;
        double factorial = 1;
        for (int row = 0; row < n; row++) {
            for (int k = 0; k < n; k++) {
                rows[row][k] = Math.pow(r[k], row);
            }
            rows[row][n] = phi * factorial / scale(step);
            factorial *= row + 2;
            phi = phi / step.z() - 1 / factorial;
        }
        return solve(rows);
    }

    /** Gauss elimination with the largest pivot; each row holds its right side last. */
    private static double[] solve(double[][] rows) {
        int n = rows.length;
        for (int column = 0; column < n; column++) {
            int pivot = column;
            for (int row = column + 1; row < n; row++) {
                if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) {
                    pivot = row;
                }
            }
            double[] chosen = rows[pivot];
            rows[pivot] = rows[column];
            rows[column] = chosen;
            for (int row = 0; row < n; row++) {
                double factor = row == column ? 0 : rows[row][column] / chosen[column];
                for (int k = column; k <= n; k++) {
                    rows[row][k] -= factor * chosen[k];
                }
            }
        }
        double[] solution = new double[n];
        for (int row = 0; row < n; row++) {
            solution[row] = rows[row][n] / rows[row][row];
        }
        return solution;
    }
}
