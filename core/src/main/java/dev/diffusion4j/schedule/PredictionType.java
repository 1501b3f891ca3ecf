// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import dev.diffusion4j.base.Keyed;

/** What the network predicts; the keys are those of {@code scheduler_config.json}. */
public enum PredictionType implements Keyed {
    /** The noise ε. */
    EPSILON("epsilon"),
    /** The clean sample x₀. */
    SAMPLE("sample"),
    /** v = √ᾱ·ε − √(1−ᾱ)·x₀: Salimans and Ho (2022), appendix D. */
    V_PREDICTION("v_prediction"),
    /** The straight path's velocity ε − x₀: Lipman et al. (2022); flow-matching schedulers only. */
    FLOW_PREDICTION("flow_prediction"),
    /** The score ∇ ln p(x_t) = −ε/σ: Song et al. (2021); {@code ScoreSdeVeScheduler} only, no config names it. */
    SCORE("score");

    private final String key;

    PredictionType(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /**
     * x̂₀ = ({@code a}·x_t + {@code b}·output)/{@code d}, as {a, b, d}. The division comes last, since d may be 0 where nothing of
     * x₀ is left: x̂₀ is then infinite, and may be clipped.
     *
     * @param alpha √ᾱ_t, the sample's share
     * @param sigma √(1−ᾱ_t), the noise's share
     */
    public double[] predOriginalSampleCoefficients(double alpha, double sigma) {
        return switch (this) {
            case EPSILON -> new double[] {1, -sigma, alpha};
            case SAMPLE -> new double[] {0, 1, 1};
            case V_PREDICTION -> new double[] {alpha, -sigma, 1};
            case FLOW_PREDICTION -> new double[] {1, -sigma, 1};
            case SCORE -> new double[] {1, sigma * sigma, alpha};
        };
    }

    /**
     * ε̂ = {@code a}·x_t + {@code b}·output, as {a, b}.
     *
     * @param alpha the sample's share
     * @param sigma the noise's share
     */
    public double[] predEpsilonCoefficients(double alpha, double sigma) {
        return switch (this) {
            case EPSILON -> new double[] {0, 1};
            case SAMPLE -> new double[] {1 / sigma, -alpha / sigma};
            case V_PREDICTION -> new double[] {sigma, alpha};
            case FLOW_PREDICTION -> new double[] {1, alpha};
            case SCORE -> new double[] {0, -sigma};
        };
    }
}
