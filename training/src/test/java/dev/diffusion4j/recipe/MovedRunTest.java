// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.json.Json;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run knows its pictures again: from any working folder, and when they are others. */
class MovedRunTest {
    @TempDir
    Path folder;

    @BeforeEach
    void paint() throws IOException {
        for (int i = 0; i < 4; i++) {
            picture(i + ".png", 8);
        }
    }

    private void picture(String name, int side) throws IOException {
        Path file = folder.resolve("pictures").resolve(name);
        Files.createDirectories(file.getParent());
        ImageIO.write(new BufferedImage(side, side, BufferedImage.TYPE_BYTE_GRAY), "png", file.toFile());
    }

    private static Recipe recipe(Path pictures) {
        return Recipes.load(
                "quickstart",
                List.of(
                        "model.config={block_out_channels: [8, 8], norm_num_groups: 4, layers_per_block: 1,"
                                + " down_block_types: [DownBlock2D, DownBlock2D], up_block_types: [UpBlock2D, UpBlock2D]}",
                        "model.kind=UNet2DModel",
                        "model.class_conditional=false",
                        "objective.context_drop=0",
                        "data.source='folder:" + pictures + "'",
                        "data.image_size=8",
                        "training.dtype=f32",
                        "training.batch_size=2",
                        "training.max_steps=4",
                        "training.checkpoint_every_steps=1",
                        "samples={count: 0}"));
    }

    private Path relative() {
        return Path.of("").toAbsolutePath().relativize(folder.resolve("pictures"));
    }

    private Path stopped(Recipe recipe) {
        Path run = folder.resolve("run");
        int[] asked = {0};
        TrainingRun.start(recipe, run).run(new RunListener() {}, () -> ++asked[0] > 2);
        return run;
    }

    @Test
    void the_place_of_the_pictures_is_kept_whole() {
        TrainingRun run = TrainingRun.start(recipe(relative()), folder.resolve("run"));
        assertThat(run.recipe().data().source()).isEqualTo("folder:" + folder.resolve("pictures"));
    }

    /** The commit before kept the path as it was given. */
    @Test
    void a_relative_path_of_an_earlier_version_is_the_same_place_or_named() throws IOException {
        Path run = stopped(recipe(relative()));
        Path file = run.resolve("recipe.yaml");
        String whole = "folder:" + folder.resolve("pictures");
        Files.writeString(file, Files.readString(file).replace(whole, "folder:" + relative()));
        TrainingRun.checkStartOrResume(recipe(folder.resolve("pictures")), run);
        assertThat(TrainingRun.resume(run, false)
                        .run(new RunListener() {}, () -> false)
                        .finished())
                .isTrue();
        Files.writeString(file, Files.readString(file).replace("folder:" + relative(), "folder:gone"));
        assertThatThrownBy(() -> TrainingRun.resume(run, false))
                .hasMessageContaining("its data.source is the relative path gone")
                .hasMessageContaining(Path.of("gone").toAbsolutePath().toString());
    }

    @Test
    void what_changed_of_the_pictures_is_named() throws IOException {
        Path run = stopped(recipe(folder.resolve("pictures")));
        picture("more.png", 8);
        assertThatThrownBy(() -> TrainingRun.resume(run, false).run(new RunListener() {}, () -> false))
                .hasMessageContaining("number of pictures was 4 and is 5, file names changed, file sizes changed");
        Files.delete(folder.resolve("pictures/more.png"));
        picture("3.png", 64);
        assertThatThrownBy(() -> TrainingRun.resume(run, false).run(new RunListener() {}, () -> false))
                .hasMessageContaining("file sizes changed")
                .hasMessageNotContaining("file names");
        Path state = run.resolve("checkpoints/step-00000002/state.json");
        Map<String, @Nullable Object> json = new LinkedHashMap<>(Json.readObject(state));
        json.remove("data_contents");
        Files.writeString(state, Json.pretty(json));
        assertThatThrownBy(() -> TrainingRun.resume(run, false).run(new RunListener() {}, () -> false))
                .hasMessageContaining("of an earlier version and does not say which");
    }
}
