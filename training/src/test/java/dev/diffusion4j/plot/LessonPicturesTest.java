// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.plot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.schedule.NoiseSchedule;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class LessonPicturesTest {
    private static final Path GOLDEN = Path.of("../core/src/test/resources/golden");

    /** Wider than high, orange but for a disc. */
    private static BufferedImage picture() {
        BufferedImage picture = new BufferedImage(60, 40, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = picture.createGraphics();
        pen.setColor(Color.ORANGE);
        pen.fillRect(0, 0, 60, 40);
        pen.setColor(Color.BLUE);
        pen.fillOval(25, 15, 10, 10);
        pen.dispose();
        return picture;
    }

    private static double distance(BufferedImage a, BufferedImage b) {
        double sum = 0;
        for (int y = 0; y < a.getHeight(); y++) {
            for (int x = 0; x < a.getWidth(); x++) {
                sum += Math.abs((a.getRGB(x, y) >> 16 & 255) - (b.getRGB(x, y) >> 16 & 255));
            }
        }
        return sum / (a.getWidth() * a.getHeight());
    }

    @Test
    void a_picture_of_any_form_drowns_in_always_the_same_noise() {
        NoiseSchedule schedule = ScheduleSpec.parse("linear").over(1000);
        NoisyPicture noisy = new NoisyPicture(picture(), 32, 5);
        BufferedImage first = noisy.at(schedule, 0);
        assertThat(first.getWidth()).isEqualTo(32);
        assertThat(distance(first, noisy.at(schedule, 300))).isLessThan(distance(first, noisy.at(schedule, 900)));
        assertThat(distance(noisy.at(schedule, 500), noisy.at(schedule, 500))).isZero();
        assertThat(distance(first, noisy.at(0.2))).isLessThan(distance(first, noisy.at(0.9)));
        assertThatThrownBy(() -> noisy.at(schedule, 1000)).hasMessageContaining("999");
    }

    @Test
    void a_step_shows_what_the_sample_was_what_it_is_taken_for_and_what_it_becomes() {
        try (OneStep network = OneStep.open(GOLDEN.resolve("tiny-pipeline"))) {
            OneStep.Shown early = network.show(picture(), null, 20, 1, 3);
            OneStep.Shown late = network.show(picture(), null, 20, 18, 3);
            assertThat(early.timestep()).isGreaterThan(late.timestep());
            assertThat(early.signalShare()).isLessThan(0.1);
            assertThat(late.signalShare()).isGreaterThan(0.9);
            assertThat(distance(late.noisy(), late.previous())).isLessThan(distance(early.noisy(), late.noisy()));
            assertThat(late.predOriginal().getWidth()).isEqualTo(network.size().width());
        }
        assertThatThrownBy(() -> OneStep.open(GOLDEN.resolve("tiny-sd/unet"))).isInstanceOf(Problem.class);
    }

    @Test
    void a_picture_goes_through_latents() {
        LatentPictures through = LatentPictures.of(GOLDEN.resolve("tiny-sd"), picture(), 32);
        assertThat(through.latents()).hasSize(4);
        assertThat(through.latents().get(0).getWidth()).isLessThan(32);
        assertThat(through.decoded().getWidth()).isEqualTo(32);
        assertThatThrownBy(() -> LatentPictures.of(GOLDEN.resolve("tiny-pipeline"), picture(), 32))
                .hasMessageContaining("has no autoencoder");
    }
}
