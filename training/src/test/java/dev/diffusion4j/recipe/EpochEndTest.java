// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.tracking.JsonlTracker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three batches an epoch, two an update: each epoch has two updates, and all that is counted by epochs follows. */
class EpochEndTest {
    private static final String NET = "{block_out_channels: [8, 8], norm_num_groups: 4, layers_per_block: 1,"
            + " down_block_types: [DownBlock2D, DownBlock2D], up_block_types: [UpBlock2D, UpBlock2D]}";

    @TempDir
    Path folder;

    private static Recipe recipe(String... more) {
        List<String> all = new ArrayList<>(List.of(
                "model.config=" + NET,
                "model.kind=UNet2DModel",
                "model.class_conditional=false",
                "objective.context_drop=0",
                "data.image_size=8",
                "data.limit=20",
                "training.dtype=f32",
                "training.max_steps=null",
                "training.batch_size=7",
                "training.gradient_accumulation_steps=2",
                "training.keep_checkpoints=99",
                "training.learning_rate_schedule={name: exponential, gamma: 0.5}",
                "samples={count: 1, steps: 1, every_epochs: 1}"));
        all.addAll(List.of(more));
        return Recipes.load("quickstart", all);
    }

    private List<Map<String, @Nullable Object>> run(String name, Recipe recipe) {
        assertThat(TrainingRun.start(recipe, folder.resolve(name))
                        .run(new RunListener() {}, () -> false)
                        .finished())
                .isTrue();
        return updates(name);
    }

    private List<Map<String, @Nullable Object>> updates(String name) {
        return JsonlTracker.read(folder.resolve(name).resolve("metrics.jsonl")).stream()
                .filter(line -> line.containsKey("loss"))
                .toList();
    }

    private static double number(Map<String, @Nullable Object> line, String key) {
        return ((Number) Objects.requireNonNull(line.get(key))).doubleValue();
    }

    @Test
    void rates_checkpoints_and_pictures_keep_to_the_epochs() {
        double rate = recipe().training().optimizer().learningRate();
        List<Map<String, @Nullable Object>> lines = run("run", recipe("training.epochs=3"));
        assertThat(lines).hasSize(6);
        for (int i = 0; i < 6; i++) {
            assertThat(number(lines.get(i), "epoch")).isEqualTo(i / 2);
            assertThat(number(lines.get(i), "lr")).isCloseTo(rate * Math.pow(0.5, i / 2), within(1e-12));
            assertThat(lines.get(i).containsKey("epoch_mean_loss")).isEqualTo(i % 2 == 1);
        }
        RunFolder run = new RunFolder(folder.resolve("run"));
        assertThat(run.checkpointSteps()).containsExactly(2L, 4L, 6L);
        assertThat(List.of(2L, 4L, 6L)).allMatch(step -> Files.exists(run.samples(step)));
    }

    @Test
    void more_passes_than_an_epoch_has_make_one_update_of_it() {
        assertThat(run("run", recipe("training.epochs=2", "training.gradient_accumulation_steps=50")))
                .hasSize(2)
                .extracting(line -> number(line, "epoch"))
                .containsExactly(0.0, 1.0);
    }

    /** The commit before noted only the updates, each of as many batches. */
    @Test
    void a_checkpoint_of_an_earlier_version_goes_on_after_the_batches_that_it_took() throws IOException {
        Recipe recipe = recipe("training.epochs=3", "training.checkpoint_every_steps=1", "samples={count: 0}");
        TrainingRun.start(recipe, folder.resolve("old")).run(new RunListener() {}, new Asked(3));
        Path state = folder.resolve("old/checkpoints/step-00000003/state.json");
        Map<String, @Nullable Object> json = new LinkedHashMap<>(Json.readObject(state));
        assertThat(json.remove("batches_done")).isEqualTo(5L); // 2 and 1, and 2 of the second epoch
        Files.writeString(state, Json.pretty(json));
        TrainingRun.resume(folder.resolve("old"), false).run(new RunListener() {}, () -> false);
        // 6 batches are two whole epochs, so that two updates are left
        assertThat(updates("old")).extracting(line -> number(line, "epoch")).containsExactly(0.0, 0.0, 1.0, 2.0, 2.0);
    }

    /** Asks to stop before an update. */
    private static final class Asked implements BooleanSupplier {
        private int left;

        Asked(int updates) {
            left = updates;
        }

        @Override
        public boolean getAsBoolean() {
            return left-- <= 0;
        }
    }
}
