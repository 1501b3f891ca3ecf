// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

/**
 * The levels of a run as exponential integrators see them: x = α·x₀ + σ·ε and λ = ln(α/σ), half the log-SNR: Lu et al. (2022),
 * section 3.1. Immutable; index {@code size()} is the end of the run, where λ may be +∞.
 */
public final class LambdaTable {
    private final SigmaTable table;
    private final boolean flow;

    /** @param flow whether the table's levels are those of straight paths, else they are σ/α of the variance-preserving chain */
    public LambdaTable(SigmaTable table, boolean flow) {
        this.table = table;
        this.flow = flow;
    }

    /** The number of steps. */
    public int size() {
        return table.size();
    }

    /** The sample's share. */
    public double alpha(int i) {
        double level = table.sigma(i);
        return flow ? 1 - level : 1 / Math.sqrt(level * level + 1);
    }

    /** The noise's share. */
    public double sigma(int i) {
        return flow ? table.sigma(i) : table.sigma(i) * alpha(i);
    }

    /** ln(α/σ). */
    public double lambda(int i) {
        return Math.log(alpha(i)) - Math.log(sigma(i));
    }

    /** σ/α. */
    public double rho(int i) {
        return sigma(i) / alpha(i);
    }
}
