// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.schedule.PredictionType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Min-SNR weighs the loss of the clean picture by min(SNR, γ), whatever the network predicts. */
class LossWeightingTest {
    private static final double GAMMA = 5;

    /** With x̂₀ = (a·x + b·output)/d, the loss of x̂₀ is (b/d)² times that of the output. */
    @ParameterizedTest
    @EnumSource
    void the_clean_picture_has_the_weight_of_the_paper(PredictionType type) {
        for (double noise : new double[] {0.05, 0.25, 0.5, 0.75, 0.999}) {
            double signal =
                    switch (type) {
                        case FLOW_PREDICTION -> 1 - noise;
                        case SCORE -> 1; // the noise is added to the whole picture
                        default -> Math.sqrt(1 - noise * noise);
                    };
            double[] c = type.predOriginalSampleCoefficients(signal, noise);
            double ratio = c[1] / c[2];
            double snr = signal * signal / (noise * noise);
            assertThat(LossWeighting.minSnr(GAMMA).weight(signal, noise, type) / (ratio * ratio))
                    .isCloseTo(Math.min(snr, GAMMA), within(1e-9 * Math.min(snr, GAMMA)));
        }
    }

    /** The limits of clipped/SNR and its kin for an SNR of 0; for the score −ε/σ the one of the noise, σ². */
    @ParameterizedTest
    @CsvSource({"EPSILON, 1", "SAMPLE, 0", "V_PREDICTION, 0", "FLOW_PREDICTION, 0", "SCORE, 1"})
    void weights_are_finite_where_nothing_of_the_picture_is_left(PredictionType type, double limit) {
        assertThat(LossWeighting.minSnr(GAMMA).weight(0, 1, type)).isEqualTo(limit);
    }
}
