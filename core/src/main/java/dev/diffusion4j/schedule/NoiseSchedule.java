// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import dev.diffusion4j.base.Check;

/**
 * The forward process x_t = √ᾱ_t·x₀ + √(1−ᾱ_t)·ε as numbers, t = 0 … T−1: Ho et al. (2020), eq. 4. Immutable. Values are
 * {@code double}, rounded to f32 where the reference keeps an f32 tensor (β, 1−β, ᾱ), so that they are its values.
 */
public final class NoiseSchedule {
    private final double[] betas;
    private final double[] alphas;
    private final double[] alphasCumprod;

    private NoiseSchedule(double[] betas, double[] alphas, double[] alphasCumprod) {
        this.betas = betas;
        this.alphas = alphas;
        this.alphasCumprod = alphasCumprod;
    }

    private NoiseSchedule(double[] betas) {
        this.betas = betas;
        this.alphas = new double[betas.length];
        this.alphasCumprod = new double[betas.length];
        double product = 1;
        for (int t = 0; t < betas.length; t++) {
            alphas[t] = (float) (1 - betas[t]);
            product *= alphas[t]; // torch.cumprod accumulates f32 in double and rounds each result
            alphasCumprod[t] = (float) product;
        }
    }

    /**
     * From β values in [0, 1], t = 0 first; they are rounded to f32.
     *
     * @throws IllegalArgumentException where one lies outside
     */
    public static NoiseSchedule ofBetas(double... betas) {
        Check.that(betas.length > 0, "betas must not be empty");
        double[] rounded = new double[betas.length];
        for (int t = 0; t < betas.length; t++) {
            rounded[t] = (float) Check.inRange(betas[t], 0, 1, "betas[" + t + "]");
        }
        return new NoiseSchedule(rounded);
    }

    /** β shifted and scaled so that the last ᾱ is 0: Lin et al. (2023), algorithm 1. */
    public NoiseSchedule rescaleZeroTerminalSnr() {
        int n = betas.length;
        float[] root = new float[n];
        for (int t = 0; t < n; t++) {
            root[t] = (float) Math.sqrt(alphasCumprod[t]);
        }
        float first = root[0];
        float last = root[n - 1];
        Check.that(
                last < first,
                "rescale_betas_zero_snr needs at least 2 timesteps with a beta above 0, but num_train_timesteps is "
                        + n);
        float scale = first / (first - last);
        float[] alphaBar = new float[n];
        for (int t = 0; t < n; t++) {
            float shifted = (root[t] - last) * scale;
            alphaBar[t] = shifted * shifted;
        }
        double[] rescaled = new double[n];
        for (int t = 0; t < n; t++) {
            Check.that(
                    t == 0 || alphaBar[t - 1] > 0,
                    "rescale_betas_zero_snr leaves nothing of the picture from timestep " + (t - 1)
                            + " on; the betas must be smaller");
            rescaled[t] = 1 - (t == 0 ? alphaBar[0] : alphaBar[t] / alphaBar[t - 1]);
        }
        return new NoiseSchedule(rescaled);
    }

    /** The same, but for the last ᾱ: a tiny one instead of 0 keeps σ finite after {@link #rescaleZeroTerminalSnr}. */
    public NoiseSchedule withLastAlphasCumprod(double value) {
        double[] changed = alphasCumprod.clone();
        changed[changed.length - 1] = value;
        return new NoiseSchedule(betas, alphas, changed);
    }

    /** T, the number of training timesteps. */
    public int numTrainTimesteps() {
        return betas.length;
    }

    /** β_t. */
    public double beta(int timestep) {
        return betas[timestep];
    }

    /** α_t = 1 − β_t. */
    public double alpha(int timestep) {
        return alphas[timestep];
    }

    /** ᾱ_t, falling in t; 1 for t &lt; 0, the clean end of the chain. */
    public double alphasCumprod(int timestep) {
        return timestep < 0 ? 1 : alphasCumprod[timestep];
    }

    /** All ᾱ, t = 0 first; a copy. */
    public double[] alphasCumprod() {
        return alphasCumprod.clone();
    }

    /**
     * The variance of q(x_previous | x_t, x₀): Ho et al. (2020), eq. 7, for any earlier timestep.
     *
     * @param previous the timestep that is gone to; −1 for the clean end, where the variance is 0
     */
    public double posteriorVariance(int timestep, int previous) {
        double alphaBar = alphasCumprod(timestep);
        double alphaBarPrevious = alphasCumprod(previous);
        return (1 - alphaBarPrevious) / (1 - alphaBar) * (1 - alphaBar / alphaBarPrevious);
    }

    /** ᾱ_t / (1 − ᾱ_t), the signal-to-noise ratio. */
    public double snr(int timestep) {
        return alphasCumprod(timestep) / (1 - alphasCumprod(timestep));
    }

    /** σ_t = √((1−ᾱ_t)/ᾱ_t), the noise's standard deviation in x₀ + σ·ε, rounded to f32. */
    public double sigma(int timestep) {
        double alphaBar = alphasCumprod[timestep];
        return (float) Math.sqrt((float) ((float) (1 - alphaBar) / alphaBar));
    }
}
