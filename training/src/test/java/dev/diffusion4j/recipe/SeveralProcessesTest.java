// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.bytedeco.pytorch.global.torch.get_num_threads;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.parallel.GroupOfThreads;
import dev.diffusion4j.parallel.ProcessGroup;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tracking.JsonlTracker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One recipe on one process and on several; these are threads here, and real processes in the command's tests. */
class SeveralProcessesTest {
    private static final RunListener QUIET = new RunListener() {};
    private static final List<String> TINY = List.of(
            "model.config.block_out_channels=[32, 32]",
            "model.config.layers_per_block=1",
            "model.config.down_block_types=[DownBlock2D, AttnDownBlock2D]",
            "model.config.up_block_types=[AttnUpBlock2D, UpBlock2D]",
            "model.config.dropout=0.1",
            "data.image_size=8",
            "data.limit=60",
            "data.validation_share=0.2",
            "data.random_flip=true",
            "training.dtype=f32",
            "training.batch_size=8",
            "training.max_steps=6",
            "training.checkpoint_every_steps=2",
            "training.clip_grad_norm=0.5",
            "validation.every_steps=3",
            "samples.every_steps=5",
            "samples.count=1",
            "samples.steps=2");

    private static final List<String> SMALL = List.of(
            "model.config.block_out_channels=[8]",
            "model.config.norm_num_groups=2",
            "model.config.attention_head_dim=8",
            "model.config.layers_per_block=1",
            "model.config.down_block_types=[DownBlock2D]",
            "model.config.up_block_types=[UpBlock2D]",
            "data.image_size=8",
            "data.limit=50",
            "data.random_flip=true",
            "training.dtype=f32",
            "training.checkpoint_every_steps=1000",
            "samples.count=0");
    private static final List<Integer> OTHER_SIZES = List.of(3, 4);

    @TempDir
    Path folder;

    private static Recipe recipe(int batchSize, int steps) {
        return Recipes.load("quickstart", TINY).with(r -> {
            r.training.batchSize = batchSize;
            r.training.maxSteps = steps;
        });
    }

    /**
     * With batches of 12 pictures in all: small enough for a hundred steps, and without dropout, which more than two processes draw otherwise.
     * The last batch of an epoch has two pictures, and so nothing for the third and fourth of the processes.
     */
    private static Recipe small(int size, int steps) {
        return Recipes.load("quickstart", SMALL).with(r -> {
            r.training.batchSize = 12 / size;
            r.training.maxSteps = steps;
        });
    }

    private static Recipe accumulating(Recipe recipe) {
        return recipe.with(r -> r.training.gradientAccumulationSteps = 2);
    }

    private static RunSummary train(ProcessGroup group, Recipe recipe, Path run) {
        return TrainingRun.start(recipe, run, RunParts.NONE.withGroup(group)).run(QUIET, () -> false);
    }

    private static Map<String, Object> learnt(Path run, int step) throws IOException {
        Path checkpoint = run.resolve(String.format("checkpoints/step-%08d", step));
        Map<String, Object> all = new TreeMap<>(Json.readObject(checkpoint.resolve("state.json")));
        all.keySet()
                .retainAll(List.of("global_step", "batches_done", "epoch_loss_sum", "random", "dropout", "ema_steps"));
        for (String file : List.of("model", "optimizer", "ema")) {
            Path weights = checkpoint.resolve(file + ".safetensors");
            if (Files.exists(weights)) {
                all.put(file, dev.diffusion4j.base.Hashes.sha256(weights));
            }
        }
        return all;
    }

    private static List<Object> values(Path run, String key) {
        return JsonlTracker.read(run.resolve("metrics.jsonl")).stream()
                .filter(line -> line.get(key) != null)
                .map(line -> line.get(key))
                .toList();
    }

    /** The gradients of the first update, by parameter, each to the same factor: Adam's first moments after it. */
    private static Map<String, float[]> firstGradients(Path run) {
        Map<String, float[]> gradients = new TreeMap<>();
        try (Safetensors optimizer = Safetensors.open(run.resolve("checkpoints/step-00000001/optimizer.safetensors"))) {
            WeightSource moments = optimizer.under("exp_avg");
            moments.tensors()
                    .keySet()
                    .forEach(
                            name -> gradients.put(name, TensorScope.compute(() -> Tensors.floats(moments.read(name)))));
        }
        return gradients;
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += Math.pow((double) a[i] - b[i], 2);
        }
        return Math.sqrt(sum);
    }

    private static double norm(float[] values) {
        return distance(values, new float[values.length]);
    }

    @Test
    void two_with_half_of_each_batch_learn_what_one_does_in_two_halves() throws IOException {
        assumeTrue(get_num_threads() >= 2, "one process splits its batches only where it has two threads");
        Path one = folder.resolve("one");
        train(ProcessGroup.ALONE, recipe(16, 6), one);
        Path two = folder.resolve("two");
        List<RunSummary> ends = GroupOfThreads.run(2, group -> train(group, recipe(8, 6), two));
        assertThat(ends).allMatch(RunSummary::finished);
        for (int step : List.of(4, 6)) {
            assertThat(learnt(two, step)).isEqualTo(learnt(one, step));
        }
        for (String key : List.of("loss", "examples", "grad_norm")) {
            assertThat(values(two, key)).as(key).isEqualTo(values(one, key));
        }
        double measured = (double) values(one, "val_loss").get(1); // of whole batches there, of two means each here
        assertThat((double) values(two, "val_loss").get(1)).isCloseTo(measured, within(1e-6));
        assertThat(two.resolve("model/model_index.json")).exists();
    }

    @Test
    void as_many_go_on_to_the_same_bytes_and_another_number_goes_on() throws IOException {
        Path whole = folder.resolve("whole");
        GroupOfThreads.run(2, group -> train(group, accumulating(recipe(8, 6)), whole));
        Path parts = folder.resolve("parts");
        GroupOfThreads.run(2, group -> {
            boolean isSecond = group.world().rank() == 1; // one is asked to stop, and all do
            int[] asked = {0};
            return TrainingRun.start(accumulating(recipe(8, 6)), parts, RunParts.NONE.withGroup(group))
                    .run(QUIET, () -> isSecond && asked[0]++ >= 2);
        });
        assertThat(parts.resolve("checkpoints/step-00000002")).exists();
        assertThat(parts.resolve("checkpoints/step-00000004")).doesNotExist();
        GroupOfThreads.run(2, group -> TrainingRun.resume(parts, false, RunParts.NONE.withGroup(group))
                .run(QUIET, () -> false));
        assertThat(learnt(parts, 6)).isEqualTo(learnt(whole, 6));

        Path mixed = folder.resolve("mixed");
        train(ProcessGroup.ALONE, recipe(8, 2), mixed);
        Files.delete(mixed.resolve("model/model_index.json"));
        Files.writeString(
                mixed.resolve("recipe.yaml"),
                Files.readString(mixed.resolve("recipe.yaml")).replace("max_steps: 2", "max_steps: 5"));
        List<RunSummary> ends =
                GroupOfThreads.run(3, group -> TrainingRun.resume(mixed, false, RunParts.NONE.withGroup(group))
                        .run(QUIET, () -> false));
        assertThat(ends).extracting(RunSummary::steps).containsOnly(5L);
    }

    /**
     * What keys have in common, softmax does not see: the gradient of their bias is 0, and what is computed of it is rounding, which is measured
     * against the queries' bias. Of all others seen, none differed by more than 2.5e-7.
     */
    @Test
    void the_first_gradient_of_three_and_of_four_is_that_of_one_tensor_by_tensor() {
        Path one = folder.resolve("one");
        train(ProcessGroup.ALONE, accumulating(small(1, 1)), one);
        Map<String, float[]> expected = firstGradients(one);
        for (int size : OTHER_SIZES) {
            Path several = folder.resolve("of-" + size);
            GroupOfThreads.run(size, group -> train(group, accumulating(small(size, 1)), several));
            Map<String, float[]> gradients = firstGradients(several);
            assertThat(gradients).hasSameSizeAs(expected);
            expected.forEach((name, gradient) -> {
                double scale = norm(expected.get(name.replace("to_k.bias", "to_q.bias")));
                assertThat(distance(gradient, gradients.get(name)))
                        .as("%s of %d processes", name, size)
                        .isLessThanOrEqualTo(1e-6 * scale);
            });
        }
    }

    @Test
    void three_and_four_end_in_the_same_bytes_each_time() throws IOException {
        for (int size : OTHER_SIZES) {
            Path run = folder.resolve("of-" + size);
            Path again = folder.resolve("again-" + size);
            for (Path each : List.of(run, again)) {
                GroupOfThreads.run(size, group -> train(group, accumulating(small(size, 8)), each));
            }
            assertThat(learnt(again, 8)).as("%d processes", size).isEqualTo(learnt(run, 8));
        }
    }

    @Test
    void a_hundred_losses_of_three_are_those_of_one() {
        Path one = folder.resolve("one");
        train(ProcessGroup.ALONE, small(1, 100), one);
        Path three = folder.resolve("three");
        GroupOfThreads.run(3, group -> train(group, small(3, 100), three));
        List<Object> expected = values(one, "loss");
        List<Object> losses = values(three, "loss");
        assertThat(losses).hasSize(100);
        for (int i = 0; i < 100; i++) {
            double loss = (double) expected.get(i);
            assertThat((double) losses.get(i)).as("loss %d", i + 1).isCloseTo(loss, within(1e-3 * loss));
        }
    }

    @Test
    void one_that_was_given_something_else_says_so() {
        assertThatThrownBy(() -> GroupOfThreads.run(
                        2, group -> train(group, recipe(8 + group.world().rank(), 6), folder.resolve("run"))))
                .hasMessageContaining("process 1 has another recipe than process 0")
                .hasMessageContaining("training.batch_size");
        assertThatThrownBy(() -> GroupOfThreads.run(2, group -> {
                    RunParts parts = RunParts.NONE.withGroup(group);
                    return group.world().isFirst()
                            ? TrainingRun.start(recipe(8, 6), folder.resolve("new"), parts)
                            : TrainingRun.resume(folder.resolve("new"), false, parts);
                }))
                .hasMessageContaining("process 1 goes on with a run, and process 0 starts a run");
    }

    @Test
    void started_anew_they_go_on_where_they_were() {
        Path run = folder.resolve("run");
        GroupOfThreads.run(2, group -> train(group, recipe(8, 6), run));
        List<RunSummary> again = GroupOfThreads.runAnew(2, group -> train(group, recipe(8, 6), run));
        assertThat(again).allMatch(RunSummary::finished);
        assertThatThrownBy(() -> GroupOfThreads.runAnew(2, group -> train(group, recipe(8, 7), run)))
                .hasMessageContaining("already holds a run of another recipe (training.max_steps");
    }

    @Test
    void a_chain_with_a_part_that_cannot_be_divided_is_refused_before_its_first_part() {
        Chain chain = Recipes.find("text-to-image-small").chain(null, List.of());
        Path run = folder.resolve("run");
        assertThatThrownBy(() ->
                        GroupOfThreads.run(2, group -> ChainRun.start(chain, run, RunParts.NONE.withGroup(group))))
                .hasMessageContaining("clip of text-to-image-small is a CLIP");
        assertThat(run).doesNotExist();
    }

    @Test
    void such_a_chain_is_gone_on_with_by_several_only_where_that_part_is_done() throws IOException {
        Chain chain = Recipes.find("text-to-image-small").chain(null, List.of());
        Path run = Files.createDirectory(folder.resolve("run"));
        Files.writeString(run.resolve("chain.yaml"), Yaml.write(chain.toMap()));
        Function<ProcessGroup, ChainRun> resumed = group -> ChainRun.resume(run, false, RunParts.NONE.withGroup(group));
        assertThatThrownBy(() -> GroupOfThreads.run(2, resumed))
                .hasMessageContaining("clip of text-to-image-small is a CLIP")
                .hasMessageContaining("among 2 processes");
        assertThat(resumed.apply(ProcessGroup.ALONE).chain()).isEqualTo(chain);

        Path model = Files.createDirectories(run.resolve("clip/model"));
        Files.createFile(model.resolve("model_index.json"));
        assertThat(GroupOfThreads.run(2, resumed)).hasSize(2);
    }
}
