// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.data.DataSources;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.transform.ResizeMode;
import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

class NoisePicturesTest {
    @Test
    void a_strip_a_grid_and_panels() {
        try (Dataset digits = DataSources.open("digits")) {
            NoisePictures pictures = new NoisePictures(digits, 3, 28, ResizeMode.CROP, 0);
            BufferedImage strip = pictures.strip(ScheduleSpec.parse("linear").over(1000));
            assertThat(strip.getWidth()).isEqualTo(512);
            assertThat(strip.getHeight()).isEqualTo(64);
            BufferedImage grid = pictures.grid(ScheduleSpec.parse("linear").over(150));
            assertThat(grid.getWidth()).isEqualTo(15 * 30 + 2);
            assertThat(grid.getHeight()).isEqualTo(10 * 30 + 2);
            assertThat(pictures.panels().getWidth()).isEqualTo(5 * 3 * 28 + 6 * 12);
        }
    }

    @Test
    void the_continuous_cosine_has_the_lessons_shares() {
        double[][] expected = {{0.95, 0.3122}, {0.8105, 0.5858}, {0.5945, 0.8041}, {0.3224, 0.9466}, {0.02, 0.9998}};
        for (int i = 0; i < expected.length; i++) {
            double[] rates = NoisePictures.continuousCosine(0.25 * i);
            assertThat(rates[0]).isCloseTo(expected[i][0], within(5e-5));
            assertThat(rates[1]).isCloseTo(expected[i][1], within(5e-5));
        }
    }

    @Test
    void schedules_are_read_from_words() {
        ScheduleSpec little = ScheduleSpec.parse("linear:0.001-0.004");
        assertThat(little.over(1000).alphasCumprod(999)).isCloseTo(0.0817976, within(1e-6));
        assertThat(ScheduleSpec.parse("linear:1e-4-2e-2").start()).isEqualTo(1e-4);
        assertThatThrownBy(() -> ScheduleSpec.parse("linear:3")).hasMessageContaining("linear:0.001-0.004");
        assertThatThrownBy(() -> ScheduleSpec.parse("cosine")).hasMessageContaining("squaredcos_cap_v2");
    }
}
