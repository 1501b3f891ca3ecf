// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.trainer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What learns, and how. */
class TrainedPartTest {
    private static final ParameterGroup SLOW = new ParameterGroup(1e-6, null);
    private static final ParameterGroup FAST = new ParameterGroup(1e-3, 0.0);

    @Test
    void what_is_given_for_the_denoiser_is_not_for_the_networks_beside_it() {
        TrainedPart trained = new TrainedPart(Map.of(), Map.of(), Map.of(), Set.of("text_encoder", "text_encoder_2"));
        assertThat(trained.groups(Map.of(ParameterGroup.DENOISER, FAST, "text_encoder_2", SLOW)))
                .containsOnly(
                        Map.entry(ParameterGroup.DENOISER, FAST),
                        Map.entry("text_encoder", ParameterGroup.DEFAULT),
                        Map.entry("text_encoder_2", SLOW));
    }
}
