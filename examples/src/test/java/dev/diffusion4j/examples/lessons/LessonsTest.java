// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.lessons;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.recipe.Recipe;
import dev.diffusion4j.recipe.Recipes;
import dev.diffusion4j.recipe.RunListener;
import dev.diffusion4j.recipe.TrainingRun;
import dev.diffusion4j.schedule.BetaSchedule;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.NoiseSource;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code of the lessons' pages runs, on networks so small that they draw nothing. */
class LessonsTest {
    private static final Path MODEL = Path.of("../core/src/test/resources/golden/tiny-pipeline");
    private static final Path TEXT = Path.of("../core/src/test/resources/golden/tiny-sd");

    @TempDir
    Path folder;

    private static BufferedImage picture(int side) {
        BufferedImage picture = new BufferedImage(side, side, BufferedImage.TYPE_3BYTE_BGR);
        Graphics2D pen = picture.createGraphics();
        pen.setColor(Color.ORANGE);
        pen.fillOval(2, 2, side - 4, side - 4);
        pen.dispose();
        return picture;
    }

    /** How far two pictures are from each other, 0 to 255. */
    private static double distance(BufferedImage a, BufferedImage b) {
        double sum = 0;
        for (int y = 0; y < a.getHeight(); y++) {
            for (int x = 0; x < a.getWidth(); x++) {
                sum += Math.abs(a.getRaster().getSample(x, y, 0) - b.getRaster().getSample(x, y, 0));
            }
        }
        return sum / (a.getHeight() * a.getWidth());
    }

    @Test
    void a_picture_drowns_in_noise() {
        BufferedImage clean = picture(24);
        for (List<BufferedImage> row : List.of(LessonOne.noise(clean), LessonFour.noise(clean))) {
            for (int i = 1; i < row.size(); i++) {
                assertThat(distance(clean, row.get(i))).isGreaterThan(distance(clean, row.get(i - 1)));
            }
        }
    }

    @Test
    void what_the_schedules_leave_is_what_the_page_says() {
        assertThat(LessonOne.left(BetaSchedule.LINEAR, 0.001, 0.004)).isCloseTo(0.08, within(0.005));
        assertThat(LessonOne.left(BetaSchedule.LINEAR, 1e-4, 0.02)).isCloseTo(4.03583e-5, within(1e-9));
    }

    @Test
    void a_step_and_a_drawing() {
        assertThat(LessonOne.step(MODEL, picture(16), 10)).hasSize(3).allSatisfy(image -> assertThat(image.getWidth())
                .isEqualTo(16));
        assertThat(LessonOne.draw(MODEL)).hasSize(8);
        assertThat(LessonTwo.schedulers(MODEL, 3)).hasSize(12);
        assertThat(LessonFour.steps(MODEL, List.of(1, 2))).hasSize(2);
    }

    @Test
    void a_network_is_trained_draws_its_classes_and_is_tuned() {
        Path run = folder.resolve("run");
        assertThat(LessonOne.train(run, 1).finished()).isTrue();
        Path model = run.resolve("model");
        assertThat(LessonTwo.classes(model, 1)).hasSize(10);
        assertThat(LessonThree.scales(model, List.of(3, 7), List.of(1.0, 4.0))).hasSize(4);
        assertThat(LessonTwo.tune(model, "digits", folder.resolve("tuned"), 1).steps())
                .isEqualTo(1);
    }

    @Test
    void a_colour_pulls() {
        List<BufferedImage> plain = LessonTwo.steered(MODEL, List.of(), null);
        List<BufferedImage> white = LessonTwo.steered(MODEL, List.of("color=#FFFFFF:4000"), null);
        BufferedImage wish = picture(16);
        Graphics2D pen = wish.createGraphics();
        pen.setColor(Color.WHITE);
        pen.fillRect(0, 0, 16, 16);
        pen.dispose();
        assertThat(distance(wish, white.get(0))).isLessThan(distance(wish, plain.get(0)));
    }

    @Test
    void words_latents_and_a_picture_to_begin_with() throws IOException {
        assertThat(LessonThree.fromText(TEXT, "a red cat", 3).getWidth()).isEqualTo(16);
        assertThat(LessonThree.throughLatents(TEXT, picture(16)).getWidth()).isEqualTo(16);
        Path file = folder.resolve("picture.png");
        ImageIO.write(picture(16), "png", file.toFile());
        assertThat(LessonThree.changed(TEXT, "a red cat", file, 0.5, file).getWidth())
                .isEqualTo(16);
    }

    @Test
    void every_epoch_is_measured() {
        Path ruler = folder.resolve("ruler");
        Recipe judge = Recipes.builtIn("digit-classifier").with(r -> {
            r.data.imageSize = 24;
            r.training.maxSteps = 1;
        });
        TrainingRun.start(judge, ruler).run(new RunListener() {}, () -> false);
        Recipe small = LessonFour.small(ruler.resolve("model")).with(r -> {
            r.data.limit = 640;
            r.training.maxSteps = 2;
        });
        assertThat(LessonFour.train(small, folder.resolve("run"))).isNotEmpty().allSatisfy(kid -> assertThat(kid)
                .isNotNaN());
        try (Classifier network = (Classifier)
                        PipelineFolder.open(ruler.resolve("model")).readModel(Devices.cpu(), Precision.F32, null);
                NoiseSource noise = NoiseSource.shared(0)) {
            double[] distances = TensorScope.compute(() -> {
                Tensor some = noise.randn(8, 1, 24, 24);
                Tensor others = noise.randn(8, 1, 24, 24);
                return new double[] {
                    LessonFour.distance(network, some, others), LessonFour.distance(network, some, some.abs())
                };
            });
            assertThat(Math.abs(distances[0])).isLessThan(distances[1]);
        }
    }

    @Test
    void attention_to_one_word_is_its_value_and_an_adapter_has_a_scale() {
        TensorScope.run(() -> {
            try (NoiseSource noise = NoiseSource.shared(0)) {
                Tensor one = LessonFive.attend(noise.randn(1, 4, 8), noise.randn(1, 1, 8), noise.randn(1, 1, 2));
                float[] values = Tensors.floats(one);
                assertThat(values)
                        .hasSize(8)
                        .containsExactly(
                                values[0], values[1], values[0], values[1], values[0], values[1], values[0], values[1]);
            }
        });
        Path base = folder.resolve("base");
        Recipe attention = Recipes.find("digits-cross-attention").recipe("lesson", List.of("training.max_steps=1"));
        TrainingRun.start(attention, base).run(new RunListener() {}, () -> false);
        Path lora = folder.resolve("lora");
        assertThat(LessonFive.adapt(base.resolve("model"), lora, 1).steps()).isEqualTo(1);
        List<BufferedImage> rows = LessonFive.scales(base.resolve("model"), lora.resolve("lora"), List.of(0.0, 1.0));
        assertThat(rows).hasSize(6);
    }
}
