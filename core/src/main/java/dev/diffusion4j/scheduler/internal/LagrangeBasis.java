// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.internal;

/** Polynomials through given points. */
public final class LagrangeBasis {
    private LagrangeBasis() {}

    /**
     * ∫ ℓ_j(τ) dτ from {@code nodes[0]} to {@code end} for each j, where ℓ_j is the polynomial that is 1 at {@code nodes[j]} and 0
     * at the other nodes. Exact: the polynomial is expanded around {@code nodes[0]} and integrated term by term.
     */
    public static double[] integrals(double[] nodes, double end) {
        double[] integrals = new double[nodes.length];
        double length = end - nodes[0];
        for (int j = 0; j < nodes.length; j++) {
            double[] polynomial = basis(nodes, j);
            double power = length;
            for (int n = 0; n < polynomial.length; n++) {
                integrals[j] += polynomial[n] * power / (n + 1);
                power *= length;
            }
        }
        return integrals;
    }

    /**
     * ∫ ℓ_j(ln ρ) dρ from ln ρ = {@code nodes[0]} to ln ρ = {@code end} for each j. Exact: with u = ln ρ − nodes[0] it is
     * e^nodes[0] ∫ ℓ_j(u) e^u du, term by term ∫ uⁿ e^u du = uⁿ e^u − n ∫ uⁿ⁻¹ e^u du.
     */
    public static double[] logIntegrals(double[] nodes, double end) {
        double[] integrals = new double[nodes.length];
        double length = end - nodes[0];
        for (int j = 0; j < nodes.length; j++) {
            double[] polynomial = basis(nodes, j);
            double moment = Math.expm1(length);
            double power = 1;
            for (int n = 0; n < polynomial.length; n++) {
                if (n > 0) {
                    power *= length;
                    moment = power * Math.exp(length) - n * moment;
                }
                integrals[j] += polynomial[n] * moment;
            }
            integrals[j] *= Math.exp(nodes[0]);
        }
        return integrals;
    }

    /** Coefficients of ℓ_j in τ − nodes[0], the constant first. */
    private static double[] basis(double[] nodes, int j) {
        double[] polynomial = {1};
        for (int k = 0; k < nodes.length; k++) {
            if (k != j) {
                double root = nodes[k] - nodes[0];
                double scale = 1 / (nodes[j] - nodes[k]);
                double[] product = new double[polynomial.length + 1];
                for (int n = 0; n < polynomial.length; n++) {
                    product[n] -= polynomial[n] * root * scale;
                    product[n + 1] += polynomial[n] * scale;
                }
                polynomial = product;
            }
        }
        return polynomial;
    }
}
