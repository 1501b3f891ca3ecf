// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.scheduler.SampleRange;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tracking.JsonlTracker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lab's recipe on a few digits: the class is dropped as its schedule says, also after a stop. */
class LabRunTest {
    private static final List<String> TINY = List.of(
            "data.source=digits",
            "data.limit=48",
            "data.image_size=12",
            "model.config.block_out_channels=[8, 8, 8]",
            "model.config.dense_dim=8",
            "model.config.small_groups=4",
            "model.config.big_groups=4",
            "scheduler.config.num_train_timesteps=20",
            "training.batch_size=16",
            "training.epochs=3",
            "training.checkpoint_every_steps=2",
            "samples.every_steps=2",
            "samples.steps=20");

    @TempDir
    Path folder;

    private static RunSummary run(TrainingRun run, long until) {
        long[] step = {0};
        return run.run(
                new RunListener() {
                    @Override
                    public void onStep(RunProgress progress) {
                        step[0] = progress.step();
                    }
                },
                () -> step[0] >= until);
    }

    private Path weights(String name) {
        return folder.resolve(name).resolve("model/unet/diffusion_pytorch_model.safetensors");
    }

    @Test
    void drops_by_schedule_and_ends_in_the_same_bytes_after_a_stop() throws IOException {
        Recipe recipe = Recipes.find("context-guided-lab").recipe("source", TINY);
        assertThat(run(TrainingRun.start(recipe, folder.resolve("whole")), 99).finished())
                .isTrue();
        assertThat(run(TrainingRun.start(recipe, folder.resolve("parts")), 4).finished())
                .isFalse();
        assertThat(run(TrainingRun.resume(folder.resolve("parts"), false), 99).finished())
                .isTrue();
        assertThat(Hashes.sha256(weights("parts"))).isEqualTo(Hashes.sha256(weights("whole")));
        // previews, drawn every second step, do not change the probability
        assertThat(JsonlTracker.read(folder.resolve("whole/metrics.jsonl")).stream()
                        .map(line ->
                                Math.round(1000 * (Double) java.util.Objects.requireNonNull(line.get("context_drop"))))
                        .toList())
                .containsExactly(1000L, 1000L, 1000L, 667L, 667L, 667L, 333L, 333L, 333L);
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(folder.resolve("whole/model"));
                DiffusionPipeline swapped = pipeline.withScheduler(SchedulerKind.DDIM)) {
            assertThat(pipeline.defaultSteps()).isEqualTo(20);
            assertThat(swapped.scheduler().sampleRange()).isEqualTo(SampleRange.UNIT);
        }
    }

    @Test
    void a_network_that_needs_its_class_cannot_drop_it() {
        for (String change : List.of("objective.context_drop=0.1", "samples.guidance_scale=3")) {
            List<String> changes = new ArrayList<>(List.of("data.source=digits", "data.limit=16", change));
            Recipe recipe = Recipes.load("mnist-class-conditioned", changes);
            assertThatThrownBy(() -> TrainingRun.start(recipe, folder.resolve("none")))
                    .isInstanceOf(Problem.class)
                    .hasMessageContaining(change.substring(0, change.indexOf('=')));
        }
        assertThat(folder.resolve("none")).doesNotExist();
        assertThatThrownBy(() -> Recipes.load("context-guided-lab", List.of("objective.context_drop=often")))
                .hasMessageContaining("context_drop")
                .hasMessageContaining("constant, decay, linear");
        assertThatThrownBy(() -> Recipes.load("context-guided-lab", List.of("scheduler.config.sample_range=wide"))
                        .scheduler()
                        .create())
                .hasMessageContaining("sample_range must be signed");
    }

    /** 70,000 digits in batches of 128, the last one left out: 546 as in the lesson. */
    @Test
    void digits_of_both_splits_are_joined() {
        Recipe recipe = Recipes.builtIn("context-guided-lab");
        try (TrainingData digits =
                TrainingData.open(recipe.data().with(data -> data.source = "digits:all"), SourceOptions.defaults())) {
            int all = digits.dataset().size();
            try (var loader = digits.loader(128, 0, 0)) {
                assertThat(loader.batchesPerEpoch()).isEqualTo(all / 128);
            }
        }
    }
}
