// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SigmaSpacingTest {
    private final SigmaSchedule trained =
            SigmaSchedule.of(NoiseSchedule.ofBetas(BetaSchedule.LINEAR.betas(1000, 1e-4, 0.02)));

    @ParameterizedTest
    @EnumSource(names = {"KARRAS", "EXPONENTIAL", "BETA", "LU"})
    void levels_fall_from_one_end_to_the_other(SigmaSpacing spacing) {
        double[] levels = spacing.between(0.01, 80, 20);
        assertThat(levels[0]).isCloseTo(80, withinPercentage(1e-4));
        assertThat(levels[19]).isCloseTo(0.01, withinPercentage(1e-4));
        for (int i = 1; i < 20; i++) {
            assertThat(levels[i]).isLessThan(levels[i - 1]);
        }
    }

    @Test
    void karras_goes_evenly_in_the_seventh_root() {
        double[] levels = SigmaSpacing.KARRAS.between(1, 128, 3); // roots 1 and 2
        assertThat(levels[1]).isCloseTo(Math.pow(1.5, 7), within(1e-9));
    }

    @Test
    void beta_quantiles_are_symmetric() {
        double[] levels = SigmaSpacing.BETA.between(0, 1, 5);
        assertThat(levels[2]).isCloseTo(0.5, within(1e-9));
        assertThat(levels[1] + levels[3]).isCloseTo(1, within(1e-9));
    }

    @Test
    void a_level_leads_back_to_its_timestep() {
        for (int t = 0; t < 1000; t += 37) {
            assertThat(trained.timestepOf(trained.at(t))).isCloseTo(t, within(1e-3));
        }
        assertThat(trained.timestepOf(1e9)).isEqualTo(999);
        assertThat(trained.timestepOf(0)).isEqualTo(0);
    }

    @Test
    void between_two_timesteps_the_level_is_between() {
        assertThat(trained.at(10.25)).isCloseTo(0.75 * trained.at(10) + 0.25 * trained.at(11), withinPercentage(1e-9));
        assertThat(trained.at(-3)).isEqualTo(trained.at(0));
        assertThat(trained.at(2000)).isEqualTo(trained.at(999));
    }

    @Test
    void only_one_switch_may_be_on() {
        assertThat(SigmaSpacing.of(false, false, false)).isEqualTo(SigmaSpacing.TIMESTEPS);
        assertThat(SigmaSpacing.of(false, true, false)).isEqualTo(SigmaSpacing.EXPONENTIAL);
        assertThatIllegalArgumentException().isThrownBy(() -> SigmaSpacing.of(true, true, false));
    }

    @Test
    void lambda_of_the_clean_end_is_infinite() {
        SigmaTable table = new SigmaTable(new double[] {1}, 0, new double[] {500});
        LambdaTable chain = new LambdaTable(table, false);
        assertThat(chain.lambda(0)).isCloseTo(0, within(1e-12));
        assertThat(chain.alpha(0)).isCloseTo(Math.sqrt(0.5), within(1e-12));
        assertThat(chain.lambda(1)).isInfinite();
        assertThat(chain.rho(0)).isCloseTo(1, within(1e-12));
    }

    @Test
    void straight_paths_keep_their_ends_when_shifted() {
        assertThat(FlowSigmas.shift(3, 1)).isEqualTo(1);
        assertThat(FlowSigmas.shift(3, 0)).isEqualTo(0);
        assertThat(FlowSigmas.shift(3, 0.5)).isCloseTo(0.75, within(1e-12));
        assertThat(TimeShift.LINEAR.shift(3, 0.5)).isCloseTo(0.75, within(1e-12));
        assertThat(TimeShift.EXPONENTIAL.shift(Math.log(3), 0.5)).isCloseTo(0.75, within(1e-12));
        double[] stretched = FlowSigmas.stretchToTerminal(new double[] {1, 0.5, 0.2}, 0.1);
        assertThat(stretched[0]).isEqualTo(1);
        assertThat(stretched[2]).isCloseTo(0.1, within(1e-12));
    }
}
