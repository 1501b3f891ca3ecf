// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lab from one end to the other, on a network of a few thousand numbers: train, guide, sweep, trace. */
class LabCommandTest {
    private static final String TINY = " --data digits --set data.limit=48 --set data.image_size=12"
            + " --set model.config.block_out_channels=[8,8,8] --set model.config.dense_dim=8"
            + " --set model.config.small_groups=4 --set model.config.big_groups=4"
            + " --set scheduler.config.num_train_timesteps=20 --set samples.steps=20 --set training.batch_size=16";

    @TempDir
    static Path folder;

    private static Command.Outcome run(String arguments) {
        return Command.run(arguments.replace("@", folder.toString()).split(" "));
    }

    @BeforeAll
    static void train() {
        Command.Outcome trained = run("train context-guided-lab --preset quick --out @/run" + TINY);
        assertThat(trained.code()).as(trained.err()).isZero();
        assertThat(trained.out()).contains("epoch 2: mean loss").contains("context_drop 0.1");
        assertThat(trained.err()).contains("the last of 20 training timesteps still holds 90 % of the picture");
    }

    @Test
    void one_picture_of_each_class_in_a_row_with_its_trace() throws IOException {
        Command.Outcome drawn =
                run("sample --model @/run/model --class all --guidance-scale 5 --grid --trace 4 --out @/row");
        assertThat(drawn.code()).as(drawn.err()).isZero();
        assertThat(drawn.out()).contains("lesson-ddpm, 20 steps");
        assertThat(size("row/grid.png")).containsExactly(10 * (72 + 2) + 2, 72 + 4);
        assertThat(size("row/trace.png")).containsExactly(4 * (72 + 2) + 2, 10 * (72 + 2) + 2);
        assertThat(run("sample --model @/run/model --class all --guidance-w 4 --out @/w")
                        .code())
                .isZero();
        assertThat(Files.readAllBytes(folder.resolve("w/0003.png")))
                .as("the paper's w is the scale less one")
                .isEqualTo(Files.readAllBytes(folder.resolve("row/0003.png")));
    }

    @Test
    void a_sweep_is_a_grid_and_a_gif() throws IOException {
        Command.Outcome drawn = run("sample --model @/run/model --sweep-w -2,-1,-0.5,0,0.5,1,2 --out @/sweep");
        assertThat(drawn.code()).as(drawn.err()).isZero();
        assertThat(drawn.out())
                .contains("7 rows of 10 pictures")
                .contains("row 1: guidance scale -1 (w -2)")
                .contains("row 5: guidance scale 1.5 (w 0.5)");
        assertThat(size("sweep/sweep.png")).containsExactly(10 * (72 + 2) + 2, 7 * (72 + 2) + 2);
        ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
        try (ImageInputStream in =
                ImageIO.createImageInputStream(folder.resolve("sweep/sweep.gif").toFile())) {
            reader.setInput(in);
            assertThat(reader.getNumImages(true)).as("step 10 and the last ten").isEqualTo(11);
            assertThat(reader.read(10).getWidth()).isEqualTo(10 * (12 + 2) + 2);
        } finally {
            reader.dispose();
        }
        Command.Outcome other = run("sample --model @/run/model --sweep-scale 1,5 --class 3 --count 2 --out @/other");
        assertThat(other.out()).contains("2 rows of 2 pictures");
    }

    private static int[] size(String file) throws IOException {
        BufferedImage image = ImageIO.read(folder.resolve(file).toFile());
        return new int[] {image.getWidth(), image.getHeight()};
    }

    @Test
    void what_does_not_go_together_is_one_line() {
        for (String[] wrong : new String[][] {
            {"--sweep-w 1,2 --sweep-scale 1,2", "say the same"},
            {"--sweep-w 1,2 --guidance-scale 3", "omit --guidance-scale"},
            {"--sweep-w 1,x", "--sweep-w"},
            {"--sweep-scale 1,NaN", "must be"},
            {"--sweep-w 1 --grid", "a sweep writes sweep.png"},
            {"--trace 0", "--trace"},
        }) {
            Command.Outcome outcome = run("sample --model @/run/model --out @/wrong " + wrong[0]);
            assertThat(outcome.code()).as(wrong[0]).isEqualTo(2);
            assertThat(outcome.err()).contains(wrong[1]);
        }
        assertThat(run("train context-guided-lab --preset slow --out @/wrong").err())
                .contains("has no preset 'slow'; it has source, quick");
        assertThat(folder.resolve("wrong")).doesNotExist();
    }
}
