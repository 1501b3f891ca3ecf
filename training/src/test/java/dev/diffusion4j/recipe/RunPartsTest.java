// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.bytedeco.pytorch.global.torch.pixel_shuffle;
import static org.bytedeco.pytorch.global.torch.pixel_unshuffle;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.codec.Moments;
import dev.diffusion4j.codec.SampleCodec;
import dev.diffusion4j.data.ChannelMode;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.parallel.GroupOfThreads;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tracking.JsonlTracker;
import dev.diffusion4j.trainer.Checkpoints;
import dev.diffusion4j.trainer.EmaConfig;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run trains, previews, measures, saves and resumes with what an application brings to it, and closes what it opened. */
class RunPartsTest {
    private static final String TABLE = "model/text_encoder/diffusion_pytorch_model.safetensors";
    private static final String UNET = "model/unet/diffusion_pytorch_model.safetensors";
    private static final RunParts COLOURS =
            RunParts.NONE.withFamilies(LearntColours.FAMILIES).withConditioner(model -> LearntColours.fresh(true));

    @TempDir
    Path folder;

    /** 2×2 pixels as channels. */
    private static final class Packing implements SampleCodec {
        static final AtomicInteger OPEN = new AtomicInteger();
        static final AtomicInteger DECODED = new AtomicInteger();

        Packing() {
            OPEN.incrementAndGet();
        }

        @Override
        public long[] shape(SampleSize size) {
            return new long[] {12, size.height() / 2, size.width() / 2};
        }

        @Override
        public int pictureChannels() {
            return 3;
        }

        @Override
        public int scaleFactor() {
            return 2;
        }

        @Override
        public Moments moments(Tensor pictures) {
            return Moments.exact(pixel_unshuffle(pictures, 2));
        }

        @Override
        public Tensor decode(Tensor samples) {
            DECODED.addAndGet((int) samples.size(0));
            return pixel_shuffle(samples, 2);
        }

        @Override
        public void close() {
            OPEN.decrementAndGet();
        }
    }

    @AfterEach
    void all_that_was_opened_is_closed() {
        assertThat(LearntColours.OPEN).hasValue(0);
        assertThat(Packing.OPEN).hasValue(0);
    }

    private static Recipe tiny(Consumer<Recipe.Draft> more) {
        Map<String, Object> network = new HashMap<>(Map.of(
                "layers_per_block", 1L,
                "norm_num_groups", 4L,
                "block_out_channels", List.of(8L),
                "down_block_types", List.of("DownBlock2D"),
                "up_block_types", List.of("UpBlock2D")));
        return Recipe.DEFAULT.with(recipe -> {
            recipe.model.config = network;
            recipe.data.source = "shapes:test";
            recipe.data.imageSize = 16;
            recipe.data.limit = 40;
            recipe.training.epochs = 4;
            recipe.training.maxSteps = 4;
            recipe.training.batchSize = 8;
            recipe.training.dtype = Precision.F32;
            recipe.training.checkpointEverySteps = 1;
            recipe.training.ema = new EmaConfig(EmaConfig.Form.CONSTANT, 0.5, 1, 1);
            recipe.samples.count = 1;
            recipe.samples.steps = 2;
            more.accept(recipe);
        });
    }

    private static Recipe coloured(Consumer<Recipe.Draft> more) {
        return tiny(recipe -> {
            recipe.model.config =
                    with(recipe.model.config, Map.of("class_embed_type", "identity", "time_embedding_dim", 8L));
            more.accept(recipe);
        });
    }

    private static Map<String, @Nullable Object> with(Map<String, @Nullable Object> below, Map<String, Object> above) {
        Map<String, @Nullable Object> all = new HashMap<>(below);
        all.putAll(above);
        return all;
    }

    private static void run(TrainingRun run) {
        assertThat(run.run(new RunListener() {}, () -> false).finished()).isTrue();
    }

    private static void stopAfterTwo(TrainingRun run) {
        AtomicInteger asked = new AtomicInteger();
        run.run(new RunListener() {}, () -> asked.incrementAndGet() > 2);
        assertThat(run.folder().isFinished()).isFalse();
    }

    private static void assertSameFile(Path a, Path b, String file) throws IOException {
        assertThat(Files.mismatch(a.resolve(file), b.resolve(file))).as(file).isEqualTo(-1);
    }

    private static float[] rows(Path file, String name) {
        Tensor rows = Tensors.empty(ScalarType.Float, 6, 8);
        try (Safetensors weights = Safetensors.open(file)) {
            weights.read(name, rows);
        }
        return Tensors.floats(rows);
    }

    @Test
    void a_conditioner_that_learns_is_trained_previewed_saved_and_resumed() throws IOException {
        Path whole = folder.resolve("whole");
        run(TrainingRun.start(coloured(recipe -> {}), whole, COLOURS));
        Path stopped = folder.resolve("stopped");
        stopAfterTwo(TrainingRun.start(coloured(recipe -> {}), stopped, COLOURS));
        run(TrainingRun.resume(stopped, false, COLOURS));
        for (String file : List.of(UNET, TABLE, "samples/step-000004.png")) {
            assertSameFile(whole, stopped, file);
        }
        assertThat(whole.resolve("recipe.yaml")).content().contains("conditioner: java:LearntColours");
        float[] begun;
        try (LearntColours fresh = LearntColours.fresh(true)) {
            begun = start(fresh);
        }
        Path newest = new Checkpoints(whole.resolve("checkpoints"), 1).newest().orElseThrow();
        float[] live = rows(newest.resolve("model.safetensors"), "text_encoder.rows.weight");
        float[] averaged = rows(newest.resolve("ema.safetensors"), "text_encoder.rows.weight");
        assertThat(live).isNotEqualTo(begun).isNotEqualTo(averaged);
        assertThat(rows(whole.resolve(TABLE), "rows.weight"))
                .as("what is saved")
                .isEqualTo(averaged);
    }

    @Test
    void what_such_a_run_saved_is_loaded_with_its_parts_drawn_and_saved_again() throws IOException {
        Path run = folder.resolve("run");
        run(TrainingRun.start(coloured(recipe -> {}), run, COLOURS));
        GenerationRequest red = GenerationRequest.of(r -> r.prompt("a red one").steps(2));
        try (DiffusionPipeline pipeline = DiffusionPipeline.load(run.resolve("model"), LearntColours.LOADING);
                GenerationResult drawn = pipeline.generate(red);
                GenerationResult other = pipeline.generate(red.with(r -> r.prompt("a blue one")))) {
            assertThat(Tensors.floats(drawn.samples())).isNotEqualTo(Tensors.floats(other.samples()));
            pipeline.save(folder.resolve("again/model"));
            Files.delete(run.resolve(TABLE));
            pipeline.save(run.resolve("model")); // over what it was loaded from
        }
        assertSameFile(run, folder.resolve("again"), TABLE);
        assertSameFile(run, folder.resolve("again"), UNET);
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> DiffusionPipeline.load(
                        run.resolve("model"), LoadOptions.DEFAULT.withFamilies(LearntColours.FAMILIES)))
                .withMessageContaining("'text_encoder' (ColourTable)");
    }

    @Test
    void a_codec_is_trained_previewed_measured_saved_and_resumed() throws IOException {
        Path ruler = folder.resolve("ruler");
        Recipe classifier = Recipes.load(
                "flower-classifier",
                List.of(
                        "data={source: 'shapes:test', image_size: 16, limit: 40, repeat: 1, validation_share: 0.2}",
                        "model.config={widths: [4, 8], hidden: 8}",
                        "training={epochs: 1, batch_size: 16, dtype: f32}"));
        run(TrainingRun.start(classifier, ruler));
        ValidationConfig.KidConfig kid =
                new ValidationConfig.KidConfig(ruler.resolve("model").toString(), 2, 8, 8, 0);
        Recipe recipe = tiny(changed -> {
            changed.data.validationShare = 0.5;
            changed.validation = new ValidationConfig(1, 0, kid);
        });
        RunParts packing = RunParts.NONE.withCodec(Packing::new);
        Path whole = folder.resolve("whole");
        int before = Packing.DECODED.get();
        run(TrainingRun.start(recipe, whole, packing));
        assertThat(Packing.DECODED.get() - before)
                .as("one picture at each of two epochs' ends, eight to be measured twice")
                .isEqualTo(2 * (1 + 8));
        Path stopped = folder.resolve("stopped");
        stopAfterTwo(TrainingRun.start(recipe, stopped, packing));
        run(TrainingRun.resume(stopped, false, packing));
        assertSameFile(whole, stopped, UNET);
        assertSameFile(whole, stopped, "samples/step-000004.png");
        BufferedImage grid =
                ImageIO.read(whole.resolve("samples/step-000004.png").toFile());
        assertThat(grid.getWidth()).as("a picture of 16 pixels in its frame").isEqualTo(16 + 2 * 2);
        assertThat(JsonlTracker.read(whole.resolve("metrics.jsonl")))
                .anySatisfy(line -> assertThat(line).containsKey("val_kid"));
        assertThat(Json.readObject(whole.resolve("model/unet/config.json")))
                .containsEntry("in_channels", 12L)
                .containsEntry("sample_size", 8L);
        try (DiffusionPipeline plain = DiffusionPipeline.load(whole.resolve("model"));
                SampleCodec codec = new Packing();
                GenerationResult drawn = plain.withCodec(codec).generate(GenerationRequest.of(r -> r.steps(2)))) {
            assertThat(drawn.images().get(0).getWidth()).isEqualTo(16);
        }
    }

    @Test
    void two_processes_sum_the_gradients_of_all_that_learns() {
        Path run = folder.resolve("run");
        GroupOfThreads.run(2, group -> {
            run(TrainingRun.start(coloured(recipe -> {}), run, COLOURS.withGroup(group)));
            return group;
        });
        try (LearntColours fresh = LearntColours.fresh(true)) {
            assertThat(rows(run.resolve(TABLE), "rows.weight")).isNotEqualTo(start(fresh));
        }
    }

    @Test
    void a_conditioner_that_stays_as_it_is_is_saved_and_kept_out_of_checkpoints() {
        Path run = folder.resolve("run");
        RunParts still = COLOURS.withConditioner(model -> LearntColours.fresh(false));
        run(TrainingRun.start(coloured(recipe -> {}), run, still));
        try (LearntColours fresh = LearntColours.fresh(false)) {
            assertThat(rows(run.resolve(TABLE), "rows.weight")).isEqualTo(start(fresh));
        }
        Path newest = new Checkpoints(run.resolve("checkpoints"), 1).newest().orElseThrow();
        try (Safetensors weights = Safetensors.open(newest.resolve("model.safetensors"))) {
            assertThat(weights.tensors().keySet()).noneMatch(name -> name.startsWith("text_encoder"));
        }
    }

    private static float[] start(LearntColours colours) {
        return Tensors.floats(Objects.requireNonNull(
                colours.networks().get("text_encoder").stateDict().get("rows.weight")));
    }

    @Test
    void a_run_is_not_resumed_without_its_parts_nor_with_others() {
        Path coloured = folder.resolve("coloured");
        stopAfterTwo(TrainingRun.start(coloured(recipe -> {}), coloured, COLOURS));
        RunParts families = RunParts.NONE.withFamilies(LearntColours.FAMILIES);
        assertRefused(
                () -> TrainingRun.resume(coloured, false, families),
                "learns with a conditioner that a Java program made (java:LearntColours): resume it from that program");
        assertRefused(
                () -> TrainingRun.resume(coloured, false, COLOURS.withCodec(Packing::new)),
                "was begun without a codec of a Java program");
        assertRefused(
                () -> TrainingRun.start(
                        tiny(recipe -> recipe.model.codec = "java:Packing"), folder.resolve("named"), RunParts.NONE),
                "model.codec is 'java:Packing', which only a Java program can bring");
    }

    @Test
    void parts_that_do_not_fit_are_refused_before_anything_is_written() {
        RunParts packing = RunParts.NONE.withCodec(Packing::new);
        assertStartRefused(tiny(recipe -> recipe.data.imageSize = 15), packing, "multiples of 2", "prepared as 15x15");
        assertStartRefused(
                tiny(recipe -> recipe.data.channels = ChannelMode.GREY),
                packing,
                "takes pictures of 3 channels",
                "data.channels to rgb");
        assertStartRefused(
                tiny(recipe ->
                        recipe.model.config = with(recipe.model.config, Map.of("in_channels", 3L, "out_channels", 3L))),
                packing,
                "denoises samples of 3 channels, but the codec makes samples of 12");
        assertStartRefused(coloured(recipe -> {}), RunParts.NONE, "takes a vector in place of a class");
        assertStartRefused(
                coloured(recipe -> recipe.data.source = "digits"),
                COLOURS,
                "has no captions to draw",
                "samples.prompts");
    }

    @Test
    void a_device_that_is_not_there_is_refused_in_one_line() {
        Recipe onCard = tiny(recipe -> recipe.training.device = "cuda:7");
        assertStartRefused(onCard, RunParts.NONE, "device 'cuda:7' is not there");
        assertStartRefused(tiny(recipe -> {}), RunParts.NONE.withDevice("cuda:7"), "device 'cuda:7' is not there");
        run(TrainingRun.start(
                onCard.with(recipe -> recipe.training.maxSteps = 1),
                folder.resolve("run"),
                RunParts.NONE.withDevice("cpu")));
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> tiny(recipe -> recipe.training.device = "gpu"))
                .withMessageContaining("unknown device 'gpu'; choose cpu, cuda, cuda:N or auto");
    }

    private void assertStartRefused(Recipe recipe, RunParts parts, String... words) {
        Path run = folder.resolve("refused");
        assertRefused(() -> TrainingRun.start(recipe, run, parts), words);
        assertThat(run).doesNotExist();
    }

    private static void assertRefused(ThrowingCallable start, String... words) {
        assertThatExceptionOfType(Problem.class).isThrownBy(start).satisfies(error -> assertThat(error.getMessage())
                .contains(words)
                .doesNotContain("\n"));
    }
}
