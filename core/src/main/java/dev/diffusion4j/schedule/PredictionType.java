// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import dev.diffusion4j.base.Keyed;

/** What the network predicts; the keys are those of {@code scheduler_config.json}. */
public enum PredictionType implements Keyed {
    /** The noise ε. */
    EPSILON("epsilon"),
    /** The clean sample x₀. */
    SAMPLE("sample"),
    /** v = √ᾱ·ε − √(1−ᾱ)·x₀: Salimans & Ho (2022), appendix D. */
    V_PREDICTION("v_prediction"),
    /** The straight path's velocity ε − x₀: Lipman et al. (2022); flow-matching schedulers only. */
    FLOW_PREDICTION("flow_prediction");

    private final String key;

    PredictionType(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /**
     * x̂₀ = {@code a}·x_t + {@code b}·output, as the pair {a, b}.
     *
     * @param alpha √ᾱ_t, the sample's share
     * @param sigma √(1−ᾱ_t), the noise's share
     */
    public double[] predOriginalSampleCoefficients(double alpha, double sigma) {
        return switch (this) {
            case EPSILON -> new double[] {1 / alpha, -sigma / alpha};
            case SAMPLE -> new double[] {0, 1};
            case V_PREDICTION -> new double[] {alpha, -sigma};
            case FLOW_PREDICTION -> new double[] {1, -sigma};
        };
    }
}
