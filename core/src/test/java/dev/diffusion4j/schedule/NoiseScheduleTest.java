// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.withinPercentage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The tables against numbers that were worked out by hand from the formulas. */
class NoiseScheduleTest {
    private static final double DIGITS = 1e-4; // percent; the numbers have 6 to 7 digits

    private static NoiseSchedule linear(int n, double start, double end) {
        return NoiseSchedule.ofBetas(BetaSchedule.LINEAR.betas(n, start, end));
    }

    @ParameterizedTest
    @CsvSource({"0, 0.9999", "49, 0.9710157", "500, 0.0777967", "975, 6.51735e-5", "980, 5.90375e-5", "999, 4.03583e-5"
    })
    void linear_schedule_leaves_this_much_signal(int timestep, double alphasCumprod) {
        assertThat(linear(1000, 1e-4, 0.02).alphasCumprod(timestep)).isCloseTo(alphasCumprod, withinPercentage(DIGITS));
    }

    @ParameterizedTest
    @CsvSource({"1, 5.45319e-5", "25, 5.58752e-4", "500, 0.0100513", "999, 0.0200000"})
    void posterior_variance_of_neighbours(int timestep, double variance) {
        // the numbers are of a table in double; the f32 of the reference leaves three digits of 1 − ᾱ at t = 0
        assertThat(linear(1000, 1e-4, 0.02).posteriorVariance(timestep, timestep - 1))
                .isCloseTo(variance, withinPercentage(0.02));
    }

    @Test
    void posterior_variance_at_the_clean_end_is_zero() {
        assertThat(linear(1000, 1e-4, 0.02).posteriorVariance(0, -1)).isZero();
    }

    @Test
    void too_little_noise_leaves_a_third_of_the_picture() {
        NoiseSchedule schedule = linear(1000, 0.001, 0.004);
        assertThat(schedule.alphasCumprod(999)).isCloseTo(0.0817976, withinPercentage(DIGITS));
        assertThat(Math.sqrt(schedule.alphasCumprod(999))).isCloseTo(0.2860029, withinPercentage(DIGITS));
    }

    @Test
    void cosine_schedule() {
        NoiseSchedule schedule = NoiseSchedule.ofBetas(BetaSchedule.SQUAREDCOS_CAP_V2.betas(1000, 0, 0));
        assertThat(schedule.beta(0)).isCloseTo(4.12842e-5, withinPercentage(DIGITS));
        assertThat(schedule.beta(999)).isCloseTo(0.999, withinPercentage(DIGITS));
        assertThat(schedule.alphasCumprod(0)).isCloseTo(0.9999587, withinPercentage(DIGITS));
        assertThat(schedule.alphasCumprod(500)).isCloseTo(0.4922852, withinPercentage(DIGITS));
        assertThat(schedule.alphasCumprod(999)).isCloseTo(2.42877e-9, withinPercentage(1e-2));
    }

    @Test
    void short_chain_of_150_steps() {
        NoiseSchedule schedule = linear(150, 1e-4, 0.02);
        assertThat(schedule.beta(1)).isCloseTo(2.33557e-4, withinPercentage(DIGITS));
        assertThat(schedule.beta(75)).isCloseTo(0.0101168, withinPercentage(1e-3));
        assertThat(Math.sqrt(schedule.alphasCumprod(75))).isCloseTo(0.8230148, withinPercentage(DIGITS));
        assertThat(Math.sqrt(1 - schedule.alphasCumprod(75))).isCloseTo(0.5680199, withinPercentage(DIGITS));
        assertThat(Math.sqrt(schedule.alphasCumprod(149))).isCloseTo(0.4682079, withinPercentage(DIGITS));
        assertThat(Math.sqrt(1 - schedule.alphasCumprod(149))).isCloseTo(0.8836184, withinPercentage(DIGITS));
    }

    @ParameterizedTest
    @EnumSource(BetaSchedule.class)
    void every_schedule_only_ever_loses_signal(BetaSchedule kind) {
        NoiseSchedule schedule = NoiseSchedule.ofBetas(kind.betas(1000, 1e-4, 0.02));
        for (int t = 0; t < 1000; t++) {
            assertThat(schedule.alphasCumprod(t)).as("t = %d", t).isBetween(0.0, schedule.alphasCumprod(t - 1));
        }
    }

    @Test
    void zero_terminal_snr_leaves_nothing_and_keeps_the_start() {
        NoiseSchedule plain = linear(1000, 1e-4, 0.02);
        NoiseSchedule rescaled = plain.rescaleZeroTerminalSnr();
        assertThat(rescaled.alphasCumprod(999)).isZero();
        assertThat(rescaled.alphasCumprod(0)).isCloseTo(plain.alphasCumprod(0), withinPercentage(DIGITS));
        assertThat(rescaled.withLastAlphasCumprod(0x1p-24).sigma(999)).isCloseTo(4096, withinPercentage(1e-3));
    }

    @Test
    void before_the_first_timestep_the_sample_is_clean() {
        assertThat(linear(10, 1e-4, 0.02).alphasCumprod(-1)).isEqualTo(1);
    }

    @Test
    void betas_out_of_range_are_named() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NoiseSchedule.ofBetas(0.1, 1.5))
                .withMessageContaining("betas[1]")
                .withMessageContaining("1.5");
        assertThatIllegalArgumentException().isThrownBy(() -> NoiseSchedule.ofBetas(Double.NaN));
        assertThatIllegalArgumentException().isThrownBy(() -> NoiseSchedule.ofBetas());
    }
}
