// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.tracking.JsonlTracker;
import dev.diffusion4j.trainer.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
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

    /** Asks to stop once a step is reached: before the next one, or within the picture of this one. */
    private static final class StopAfter implements RunListener, BooleanSupplier {
        private final long last;
        private boolean reached;

        StopAfter(long last) {
            this.last = last;
        }

        @Override
        public void onStep(RunProgress progress) {
            reached |= progress.step() == last;
        }

        @Override
        public boolean getAsBoolean() {
            return reached;
        }
    }

    private static RunSummary runUntil(TrainingRun run, long step) {
        StopAfter stop = new StopAfter(step);
        return run.run(stop, stop);
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
        assertThat(runUntil(TrainingRun.start(recipe, parts), 4).finished()).isFalse();
        assertThat(runUntil(TrainingRun.resume(parts, false), 9).steps()).isEqualTo(9);
        assertThat(runUntil(TrainingRun.resume(parts, false), 10).steps()).isEqualTo(10);
        assertThat(folder.resolve("parts/samples/step-000010.png")).doesNotExist(); // stopped while it was drawn
        RunSummary end = TrainingRun.resume(parts, false).run(new RunListener() {}, never());
        assertThat(end.finished()).isTrue();
        assertThat(end.last100()).isEqualTo(whole.last100());

        assertThat(contents(parts.resolve("model"))).isEqualTo(contents(folder.resolve("whole/model")));
        assertThat(contents(parts.resolve("samples"))).isEqualTo(contents(folder.resolve("whole/samples")));
        for (String key : List.of("loss", "last_100_mean_loss")) {
            assertThat(JsonlTracker.read(parts.resolve("metrics.jsonl")).stream()
                            .map(line -> line.get(key))
                            .toList())
                    .isEqualTo(JsonlTracker.read(folder.resolve("whole/metrics.jsonl")).stream()
                            .map(line -> line.get(key))
                            .toList());
        }

        TreeMap<String, String> done = contents(parts);
        long[] already = {0};
        RunListener listener = new RunListener() {
            @Override
            public void onAlreadyFinished(long steps) {
                already[0] = steps;
            }
        };
        assertThat(TrainingRun.resume(parts, false).run(listener, never()).finished())
                .isTrue();
        assertThat(already[0]).isEqualTo(14);
        assertThat(contents(parts)).as("nothing is written to a finished run").isEqualTo(done);
    }

    private static Map<String, Object> state(Path run) {
        return new TreeMap<>(Json.readObject(new Checkpoints(run.resolve("checkpoints"), 1)
                .newest()
                .orElseThrow()
                .resolve("state.json")));
    }

    @Test
    void other_data_and_another_machine_are_noticed() throws IOException {
        Recipe recipe = Recipes.load("quickstart", TINY).with(changed -> changed.training.maxSteps = 5);
        Path run = folder.resolve("run");
        runUntil(TrainingRun.start(recipe, run), 3);
        Path state = run.resolve("checkpoints/step-00000003/state.json");
        String text = Files.readString(state);
        String data = String.valueOf(state(run).get("data"));
        Files.writeString(state, text.replace(data, "0123456789abcdef"));
        assertThatThrownBy(() -> TrainingRun.resume(run, false).run(new RunListener() {}, never()))
                .hasMessageContaining("the data changed")
                .hasMessageContaining("digits (train)")
                .hasMessageContaining("number and classes are the same, but the pictures themselves are others")
                .hasMessageContaining("allowDrift");

        String instructions =
                String.valueOf(Json.object(state(run).get("choices")).get("instructions"));
        Files.writeString(
                state, text.replace(data, "0123456789abcdef").replace("\"" + instructions + "\"", "\"another\""));
        assertThatThrownBy(() -> TrainingRun.resume(run, false)).hasMessageContaining("another instructions");
        TrainingRun.resume(run, true).run(new RunListener() {}, never());
        assertThat(state(run)).containsEntry("data", data);
        assertThat(Json.object(state(run).get("choices"))).containsEntry("instructions", instructions);
    }

    @Test
    void a_folder_takes_one_run_at_a_time() {
        Recipe recipe = Recipes.load("quickstart", TINY);
        Path run = folder.resolve("run");
        TrainingRun first = TrainingRun.start(recipe, run);
        RunListener nosy = new RunListener() {
            @Override
            public void onStep(RunProgress progress) {
                assertThatThrownBy(() -> TrainingRun.start(recipe, run).run(new RunListener() {}, never()))
                        .hasMessageContaining("in use by another training");
            }
        };
        boolean[] asked = {false};
        first.run(nosy, () -> {
            boolean before = asked[0];
            asked[0] = true;
            return before;
        });
    }

    @Test
    void another_recipe_is_named_by_its_first_other_key() {
        Recipe recipe = Recipes.load("quickstart", TINY);
        Path run = folder.resolve("run");
        TrainingRun.start(recipe, run);
        Recipe other = recipe.with(changed -> changed.training.maxSteps = 15);
        assertThatThrownBy(() -> TrainingRun.start(other, run))
                .hasMessageContaining("another recipe (training.max_steps is 14 there and 15 here)");
    }

    @Test
    void classes_of_network_and_data_are_compared_before_the_folder_is_claimed() {
        Recipe recipe =
                Recipes.load("quickstart", TINY).with(changed -> changed.model.config = Map.of("num_class_embeds", 5L));
        assertThatThrownBy(() -> TrainingRun.start(recipe, folder.resolve("run")))
                .hasMessageContaining("model.config.num_class_embeds is 5, but digits (train)")
                .hasMessageContaining("has 10 classes");
        assertThat(folder.resolve("run")).doesNotExist();
    }

    @Test
    void a_run_killed_before_its_first_checkpoint_begins_again() throws IOException {
        Recipe recipe = Recipes.load("quickstart", TINY).with(changed -> changed.training.maxSteps = 3);
        Path first = folder.resolve("first");
        TrainingRun.start(recipe, first).run(new RunListener() {}, never());
        Path killed = folder.resolve("killed");
        TrainingRun.start(recipe, killed); // only recipe.yaml is there
        TrainingRun.resume(killed, false).run(new RunListener() {}, never());
        assertThat(contents(killed.resolve("model"))).isEqualTo(contents(first.resolve("model")));
    }
}
