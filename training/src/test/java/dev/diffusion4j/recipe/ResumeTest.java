// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.tracking.JsonlTracker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is stopped and resumed ends as one that was not, to the last byte. */
class ResumeTest {
    private static final List<String> TINY = List.of(
            "model.config.block_out_channels=[32, 32]",
            "model.config.layers_per_block=1",
            "model.config.down_block_types=[DownBlock2D, AttnDownBlock2D]",
            "model.config.up_block_types=[AttnUpBlock2D, UpBlock2D]",
            "model.config.dropout=0.1",
            "data.image_size=8",
            "data.limit=60",
            "data.random_flip=true",
            "training.batch_size=8",
            "training.max_steps=14",
            "training.checkpoint_every_steps=3",
            "training.gradient_accumulation_steps=2",
            "samples.every_steps=5",
            "samples.count=1",
            "samples.steps=2");

    @TempDir
    Path folder;

    private static BooleanSupplier never() {
        return () -> false;
    }

    /** Asked before each step. */
    private static BooleanSupplier after(int steps) {
        int[] asked = {0};
        return () -> asked[0]++ == steps;
    }

    private static TreeMap<String, String> contents(Path model) throws IOException {
        TreeMap<String, String> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(model)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                all.put(model.relativize(file).toString(), dev.diffusion4j.base.Hashes.sha256(file));
            }
        }
        return all;
    }

    @Test
    void a_stopped_run_ends_in_the_same_bytes() throws IOException {
        Recipe recipe = Recipes.load("quickstart", TINY);
        RunSummary whole = TrainingRun.start(recipe, folder.resolve("whole")).run(new RunListener() {}, never());
        assertThat(whole.finished()).isTrue();

        Path parts = folder.resolve("parts");
        assertThat(TrainingRun.start(recipe, parts)
                        .run(new RunListener() {}, after(4))
                        .finished())
                .isFalse();
        assertThat(TrainingRun.resume(parts, false)
                        .run(new RunListener() {}, after(5))
                        .steps())
                .isEqualTo(9);
        assertThat(TrainingRun.resume(parts, false)
                        .run(new RunListener() {}, never())
                        .finished())
                .isTrue();

        assertThat(contents(parts.resolve("model"))).isEqualTo(contents(folder.resolve("whole/model")));
        assertThat(contents(parts.resolve("samples"))).isEqualTo(contents(folder.resolve("whole/samples")));
        assertThat(JsonlTracker.read(parts.resolve("metrics.jsonl")).stream().map(line -> line.get("loss")))
                .containsExactlyElementsOf(JsonlTracker.read(folder.resolve("whole/metrics.jsonl")).stream()
                        .map(line -> line.get("loss"))
                        .toList());
    }

    @Test
    void a_run_killed_before_its_first_checkpoint_begins_again() throws IOException {
        Recipe recipe = Recipes.load("quickstart", TINY).with("training", java.util.Map.of("max_steps", 3));
        Path first = folder.resolve("first");
        TrainingRun.start(recipe, first).run(new RunListener() {}, never());
        Path killed = folder.resolve("killed");
        TrainingRun.start(recipe, killed); // only recipe.yaml is there
        TrainingRun.resume(killed, false).run(new RunListener() {}, never());
        assertThat(contents(killed.resolve("model"))).isEqualTo(contents(first.resolve("model")));
    }
}
