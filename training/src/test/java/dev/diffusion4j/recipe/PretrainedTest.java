// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.RandomStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training that starts from the network in a pipeline folder. */
class PretrainedTest {
    private static final String WEIGHTS = "unet/diffusion_pytorch_model.safetensors";

    @TempDir
    Path folder;

    private Path base;

    @BeforeEach
    void saveBase() {
        base = save("base", ModelKind.UNET_2D, unet(1));
    }

    private static Map<String, Object> unet(long inputs) {
        return Map.of(
                "sample_size",
                8L,
                "in_channels",
                inputs,
                "out_channels",
                1L,
                "layers_per_block",
                1L,
                "block_out_channels",
                List.of(8L, 8L),
                "norm_num_groups",
                4L,
                "down_block_types",
                List.of("DownBlock2D", "DownBlock2D"),
                "up_block_types",
                List.of("UpBlock2D", "UpBlock2D"));
    }

    private Path save(String name, ModelKind kind, Map<String, Object> config) {
        Path path = folder.resolve(name);
        try (Model model = kind.create(new java.util.HashMap<>(config));
                RandomStream random = new RandomStream(5)) {
            model.initialize(random);
            PipelineFolder.write(path, model, SchedulerKind.DDIM.create(Map.of("beta_schedule", "squaredcos_cap_v2")));
        }
        return path;
    }

    /** With a learning rate that is 0 in single precision. */
    private Recipe recipe(String... changes) {
        List<String> all = new ArrayList<>(List.of(
                "model.from='" + base + "'",
                "data.limit=16",
                "training.max_steps=2",
                "training.batch_size=4",
                "training.optimizer.learning_rate=1e-50",
                "training.checkpoint_every_steps=1",
                "samples.count=0"));
        all.addAll(List.of(changes));
        Path file = folder.resolve("test.yaml");
        AtomicFile.write(file, "name: test\n");
        return Recipes.load(file.toString(), all);
    }

    private static void train(TrainingRun run) {
        run.run(new RunListener() {}, () -> false);
    }

    private static String hash(Path model) throws IOException {
        return Hashes.sha256(model.resolve(WEIGHTS));
    }

    @Test
    void the_run_begins_with_the_folders_weights_and_is_recorded_whole() throws IOException {
        TrainingRun run = TrainingRun.start(recipe(), folder.resolve("run"));
        assertThat(run.recipe().model().config())
                .containsEntry("in_channels", 1L)
                .containsEntry("sample_size", 8L);
        assertThat(run.recipe().model().fromSha256()).isEqualTo(hash(base));
        assertThat(run.recipe().data().imageSize()).isEqualTo(8);
        assertThat(run.recipe().scheduler().kind()).isEqualTo(SchedulerKind.DDIM);
        assertThat(run.recipe().scheduler().config()).containsEntry("beta_schedule", "squaredcos_cap_v2");
        assertThat(run.folder().readRecipe()).isEqualTo(run.recipe());
        train(run);
        assertThat(hash(run.folder().model())).isEqualTo(hash(base));
        FileTime end = Files.getLastModifiedTime(run.folder().model().resolve("model_index.json"));
        for (String before : List.of("README.md", "loss.png", WEIGHTS)) {
            assertThat(Files.getLastModifiedTime(run.folder().model().resolve(before)))
                    .as("%s is there before what says that the run is finished", before)
                    .isLessThanOrEqualTo(end);
        }
    }

    @Test
    void another_size_is_taken_over_and_another_scheduler_may_be_asked_for() {
        Recipe asked = recipe("data.image_size=16", "scheduler={kind: ddpm, from_model: false}");
        Recipe resolved = TrainingRun.start(asked, folder.resolve("run")).recipe();
        assertThat(resolved.model().config()).containsEntry("sample_size", 16L);
        assertThat(resolved.scheduler().kind()).isEqualTo(SchedulerKind.DDPM);
        assertThat(resolved.scheduler().config()).isEmpty();
    }

    @Test
    void keys_of_the_scheduler_are_laid_over_those_of_the_folder() {
        for (String own : List.of(
                "scheduler.config.prediction_type=v_prediction",
                "scheduler={config: {prediction_type: v_prediction}, from_model: true}")) {
            SchedulerSpec taken = TrainingRun.start(
                            recipe(own), folder.resolve(own.contains("true") ? "asked" : "given"))
                    .recipe()
                    .scheduler();
            assertThat(taken.kind()).isEqualTo(SchedulerKind.DDIM);
            assertThat(taken.config())
                    .containsEntry("beta_schedule", "squaredcos_cap_v2")
                    .containsEntry("prediction_type", "v_prediction");
        }
    }

    @Test
    void a_recipe_that_another_base_s_run_wrote_down_takes_the_new_base_s_scheduler() {
        Recipe written = TrainingRun.start(
                        recipe("scheduler.config.prediction_type=v_prediction"), folder.resolve("run"))
                .recipe()
                .with(r -> r.model.fromSha256 = "0".repeat(64));
        SchedulerSpec taken =
                TrainingRun.start(written, folder.resolve("other")).recipe().scheduler();
        assertThat(taken.config()).containsEntry("prediction_type", "epsilon");
    }

    @Test
    void nested_configs_are_completed_from_the_folder() {
        base = save(
                "classes",
                ModelKind.CLASS_CONDITIONED_UNET,
                Map.of("num_classes", 10L, "class_emb_size", 2L, "unet", unet(3)));
        Recipe asked = recipe("model.config.unet.dropout=0.25");
        Map<String, Object> unet = dev.diffusion4j.json.Json.object(TrainingRun.start(asked, folder.resolve("run"))
                .recipe()
                .model()
                .config()
                .get("unet"));
        assertThat(unet).containsEntry("dropout", 0.25).containsEntry("norm_num_groups", 4L);
    }

    @Test
    void the_folder_is_needed_until_the_first_checkpoint_and_not_after() throws IOException {
        Path run = folder.resolve("run");
        String before = hash(base);
        TrainingRun first = TrainingRun.start(recipe(), run);
        Path away = folder.resolve("away");
        java.nio.file.Files.move(base, away);
        assertThatThrownBy(() -> train(TrainingRun.resume(run, false)))
                .hasMessageContaining("which it began with, and that is no longer there")
                .hasMessageContaining(base.toString())
                .hasMessageContaining("put the folder back");
        java.nio.file.Files.move(away, base);
        boolean[] begun = {false};
        first.run(
                new RunListener() {
                    @Override
                    public void onStep(RunProgress progress) {
                        begun[0] = true;
                    }
                },
                () -> begun[0]);
        AtomicFile.deleteTree(base);
        train(TrainingRun.resume(run, false));
        assertThat(hash(run.resolve("model"))).isEqualTo(before);
    }

    @Test
    void what_was_learnt_before_shows_in_the_first_epoch() {
        Recipe learns = recipe("training.max_steps=80", "training.epochs=100", "training.optimizer.learning_rate=0.01");
        Path first = folder.resolve("first");
        train(TrainingRun.start(learns, first));
        double untrained = firstLoss(recipe("training.max_steps=4"), "fresh");
        double trained = firstLoss(recipe("training.max_steps=4", "model.from='" + first + "/model'"), "on");
        assertThat(trained).isLessThan(0.7 * untrained);
    }

    @Test
    void an_update_ends_with_its_epoch() {
        List<String> ends = new ArrayList<>();
        Recipe odd = recipe(
                "data.limit=12", // three batches, of which an update takes two
                "training.max_steps=null",
                "training.epochs=2",
                "training.gradient_accumulation_steps=2");
        TrainingRun.start(odd, folder.resolve("run"))
                .run(
                        new RunListener() {
                            @Override
                            public void onEpoch(RunProgress progress) {
                                ends.add(progress.epoch() + " at step " + progress.step());
                            }
                        },
                        () -> false);
        assertThat(ends).containsExactly("1 at step 2", "2 at step 4");
    }

    private double firstLoss(Recipe recipe, String name) {
        return TrainingRun.start(recipe, folder.resolve(name))
                .run(new RunListener() {}, () -> false)
                .last100();
    }

    @Test
    void what_does_not_fit_is_said_before_the_run_folder_is_claimed() {
        Path run = folder.resolve("run");
        refused(run, recipe("data.channels=rgb"), "takes pictures of 1 channels", "prepared with 3", "data.channels");
        refused(run, recipe("data.image_size=9"), "multiples of 2");
        refused(run, recipe("model.config.block_out_channels=[8, 16]"), "does not fit the network");
        refused(run, recipe("model.from='" + folder + "/nowhere'"), "model.from: there is no folder");
        base = save("three", ModelKind.CLASS_CONDITIONED_UNET, Map.of("num_classes", 3L, "unet", unet(5)));
        refused(run, recipe(), "knows 3 classes, but digits (train)", "has 10 classes");
        assertThat(run).doesNotExist();
    }

    @Test
    void a_scheduler_of_no_folder_is_refused() {
        Recipe asked = recipe("model.from=null", "scheduler.from_model=true");
        assertThatThrownBy(() -> TrainingRun.start(asked, folder.resolve("run")))
                .hasMessageContaining("give model.from=FOLDER");
    }

    private static void refused(Path run, Recipe recipe, String... said) {
        assertThatThrownBy(() -> TrainingRun.start(recipe, run))
                .isInstanceOf(dev.diffusion4j.base.Problem.class)
                .satisfies(error -> assertThat(error.getMessage()).contains(said));
    }
}
