// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.KeepMode;
import dev.diffusion4j.data.transform.ResizeMode;
import dev.diffusion4j.folder.Companions;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.json.Yaml;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.unet2dcondition.UNet2DConditionModel;
import dev.diffusion4j.objective.ContextDrop;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.GenerationResult;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.tracking.JsonlTracker;
import dev.diffusion4j.trainer.EmaConfig;
import dev.diffusion4j.trainer.ParameterGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The denoiser of a text-to-image model is trained by the ordinary trainer, between an autoencoder and a text encoder from folders. */
class TextToImageRunTest {
    private static final RunListener QUIET = new RunListener() {};
    private static final Path SD = Path.of("../core/src/test/resources/golden/tiny-sd")
            .toAbsolutePath()
            .normalize();
    private static final List<String> LEARNT = List.of("model/unet/diffusion_pytorch_model.safetensors");

    @TempDir
    Path folder;

    static Recipe recipe(Consumer<Recipe.Draft> more) {
        return Recipe.DEFAULT.with(r -> {
            r.name = "tiny-text-to-image";
            r.model.kind = UNet2DConditionModel.FAMILY.name();
            r.model.from = SD.toString();
            r.data.source = "scenes";
            r.data.imageSize = 16;
            r.data.limit = 12;
            r.objective.contextDrop = ContextDrop.constant(0.3);
            r.training.maxSteps = 4;
            r.training.epochs = 4;
            r.training.batchSize = 4;
            r.training.dtype = Precision.F32;
            r.training.checkpointEverySteps = 1;
            r.training.ema = new EmaConfig(EmaConfig.Form.CONSTANT, 0.5, 1, 1);
            r.samples.count = 1;
            r.samples.steps = 2;
            r.samples.prompts = List.of("a red circle", "a blue square");
            r.samples.guidanceScale = 3;
            more.accept(r);
        });
    }

    /** The same network with fresh weights, and its parts from folders of their own. */
    static Recipe fresh(Consumer<Recipe.Draft> more) {
        return recipe(r -> {
            r.model.from = null;
            r.model.parts = Map.of(
                    "vae",
                    SD.toString(),
                    "text_encoder",
                    SD.resolve("text_encoder").toString());
            r.model.config = Map.of(
                    "block_out_channels",
                    List.of(8L, 16L),
                    "down_block_types",
                    List.of("CrossAttnDownBlock2D", "DownBlock2D"),
                    "up_block_types",
                    List.of("UpBlock2D", "CrossAttnUpBlock2D"),
                    "layers_per_block",
                    1L,
                    "attention_head_dim",
                    2L,
                    "norm_num_groups",
                    4L);
            more.accept(r);
        });
    }

    private Path train(Recipe recipe, String name) {
        Path run = folder.resolve(name);
        assertThat(TrainingRun.start(recipe, run).run(QUIET, () -> false).finished())
                .isTrue();
        return run;
    }

    private Path trainWithAStop(Recipe recipe, String name) {
        Path run = folder.resolve(name);
        AtomicInteger asked = new AtomicInteger();
        assertThat(TrainingRun.start(recipe, run)
                        .run(QUIET, () -> asked.incrementAndGet() > 2)
                        .finished())
                .isFalse();
        TrainingRun.resume(run, false).run(QUIET, () -> false);
        return run;
    }

    private static Map<String, String> hashes(Path model) {
        return Companions.of(PipelineFolder.open(model), ModelFamilies.BUILT_IN).hashes();
    }

    @Test
    void a_base_is_tuned_to_the_same_bytes_with_a_stop_and_its_other_parts_stay() throws IOException {
        Path whole = train(recipe(r -> {}), "whole");
        Path stopped = trainWithAStop(recipe(r -> {}), "stopped");
        for (String file : LEARNT) {
            assertThat(stopped.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
        }
        assertThat(Files.mismatch(SD.resolve("unet/diffusion_pytorch_model.safetensors"), whole.resolve(LEARNT.get(0))))
                .isNotNegative();
        assertThat(hashes(whole.resolve("model"))).hasSize(2).isEqualTo(hashes(SD));
        assertThat(Json.readObject(whole.resolve("model/model_index.json")))
                .isEqualTo(Json.readObject(SD.resolve("model_index.json")));
        assertThat(Json.object(Yaml.readObject(whole.resolve("recipe.yaml")).get("model")))
                .containsEntry("parts_sha256", hashes(SD));
        GenerationRequest request =
                GenerationRequest.of(r -> r.prompt("a red circle").steps(2));
        try (DiffusionPipeline loaded = DiffusionPipeline.load(whole.resolve("model"));
                GenerationResult drawn = loaded.generate(request);
                GenerationResult other = loaded.generate(request.with(r -> r.prompt("a blue square")))) {
            assertThat(Tensors.floats(drawn.samples())).isNotEqualTo(Tensors.floats(other.samples()));
        }
    }

    @Test
    void a_fresh_network_takes_its_sizes_from_the_parts_that_the_recipe_names() throws IOException {
        Path whole = train(fresh(r -> {}), "whole");
        Path stopped = trainWithAStop(fresh(r -> {}), "stopped");
        assertThat(stopped.resolve(LEARNT.get(0))).hasSameBinaryContentAs(whole.resolve(LEARNT.get(0)));
        assertThat(Json.readObject(whole.resolve("model/unet/config.json")))
                .containsEntry("sample_size", 8L)
                .containsEntry("in_channels", 4L)
                .containsEntry("out_channels", 4L)
                .containsEntry("cross_attention_dim", 16L);
        assertThat(Json.readObject(whole.resolve("model/model_index.json")))
                .containsEntry("_class_name", "StableDiffusionPipeline")
                .containsKeys("vae", "text_encoder", "tokenizer", "scheduler", "unet");
        assertThat(hashes(whole.resolve("model"))).isEqualTo(hashes(SD));
    }

    @Test
    void a_text_encoder_that_has_a_group_of_its_own_learns_at_its_own_rate() throws IOException {
        String text = "model/text_encoder/model.safetensors";
        Consumer<Recipe.Draft> both = r -> r.training.groups = Map.of("text_encoder", new ParameterGroup(1e-4, null));
        Path whole = train(recipe(both), "whole");
        Path stopped = trainWithAStop(recipe(both), "stopped");
        for (String file : List.of(LEARNT.get(0), text)) {
            assertThat(stopped.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
        }
        assertThat(hashes(whole.resolve("model")).get("vae"))
                .isEqualTo(hashes(SD).get("vae"));
        assertThat(hashes(whole.resolve("model")).get("text_encoder"))
                .isNotEqualTo(hashes(SD).get("text_encoder"));
    }

    @Test
    void latents_that_are_kept_give_the_same_training_as_live_ones_and_the_same_bytes_with_a_stop() throws IOException {
        Consumer<Recipe.Draft> flipped = r -> {
            r.data.randomFlip = true;
            r.training.ema = null;
        };
        double[] live = losses(train(recipe(flipped), "live"));
        for (KeepMode mode : List.of(KeepMode.MEMORY, KeepMode.FILE)) {
            Consumer<Recipe.Draft> kept = flipped.andThen(r -> r.data.latents = mode);
            Path whole = train(recipe(kept), "whole-" + mode);
            assertThat(losses(whole)).containsExactly(live, within(1e-4));
            Path stopped = trainWithAStop(recipe(kept), "stopped-" + mode);
            assertThat(stopped.resolve(LEARNT.get(0))).hasSameBinaryContentAs(whole.resolve(LEARNT.get(0)));
        }
        assertThat(folder.resolve("whole-MEMORY").resolve(LEARNT.get(0)))
                .hasSameBinaryContentAs(folder.resolve("whole-FILE").resolve(LEARNT.get(0)));
    }

    private static double[] losses(Path run) {
        return JsonlTracker.read(run.resolve("metrics.jsonl")).stream()
                .filter(line -> line.get("loss") instanceof Double)
                .mapToDouble(line -> (Double) java.util.Objects.requireNonNull(line.get("loss")))
                .toArray();
    }

    @Test
    void kept_latents_of_other_data_or_of_another_autoencoder_are_refused() throws IOException {
        Consumer<Recipe.Draft> kept = r -> r.data.latents = KeepMode.FILE;
        Path run = train(recipe(kept), "run");
        Path file = latents(run);
        Path other = train(recipe(kept.andThen(r -> r.data.limit = 8)), "other");
        Path again = folder.resolve("again");
        Files.createDirectories(again);
        Files.copy(latents(other), again.resolve(file.getFileName()));
        TrainingRun same = TrainingRun.start(recipe(kept), again);
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> same.run(QUIET, () -> false))
                .withMessageContaining("holds latents of other data");
        refused(recipe(kept.andThen(r -> r.data.limit = 0)), "set data.limit to how many are to be kept");
        refused(recipe(kept.andThen(r -> r.data.resize = ResizeMode.RANDOM_CROP)), "random_crop");
        refused(
                Recipe.DEFAULT.with(r -> {
                    r.data.limit = 64;
                    r.data.imageSize = 32;
                    r.data.latents = KeepMode.MEMORY;
                }),
                "learns in no latents");
    }

    private static Path latents(Path run) throws IOException {
        try (Stream<Path> files = Files.list(run)) {
            return files.filter(file -> file.getFileName().toString().startsWith("latents-"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void frozen_parts_in_bf16_and_activations_that_are_made_again_still_end_in_the_same_bytes() throws IOException {
        Consumer<Recipe.Draft> spare = r -> {
            r.training.frozenDtype = Precision.BF16;
            r.training.checkpointActivations = true;
        };
        Path whole = train(recipe(spare), "whole");
        Path stopped = trainWithAStop(recipe(spare), "stopped");
        assertThat(stopped.resolve(LEARNT.get(0))).hasSameBinaryContentAs(whole.resolve(LEARNT.get(0)));
        assertThat(hashes(whole.resolve("model"))).isEqualTo(hashes(SD));
    }

    @Test
    void what_does_not_fit_is_refused_in_one_line_before_anything_is_written() throws IOException {
        refused(recipe(r -> r.model.from = "../core/src/test/resources/golden/tiny-pipeline"), "holds a UNet2DModel");
        refused(fresh(r -> r.model.parts = Map.of("vae", SD.toString())), "model.parts.text_encoder");
        refused(fresh(r -> r.model.parts = Map.of("vae", folder.toString())), "config.json");
        refused(recipe(r -> r.training.groups = Map.of("vae", ParameterGroup.DEFAULT)), "'vae' is no text encoder");
        refused(
                fresh(r -> {
                    Map<String, Object> config = new java.util.HashMap<>(r.model.config);
                    config.put("cross_attention_dim", 8L);
                    r.model.config = java.util.Collections.unmodifiableMap(config);
                }),
                "takes 8 numbers of a prompt's token, but the text encoder gives 16");
        Path pictures = Files.createDirectories(folder.resolve("pictures"));
        for (int i = 0; i < 4; i++) {
            javax.imageio.ImageIO.write(
                    new java.awt.image.BufferedImage(16, 16, java.awt.image.BufferedImage.TYPE_INT_RGB),
                    "png",
                    pictures.resolve(i + ".png").toFile());
        }
        Consumer<Recipe.Draft> own = r -> r.data.source = "folder:" + pictures;
        refused(recipe(own), "4 of the 4 pictures");
        Files.writeString(
                pictures.resolve("metadata.jsonl"),
                "{\"file_name\":\"0.png\",\"text\":\"a dot\"}\n{\"file_name\":\"2.png\",\"text\":\""
                        + "a red circle ".repeat(40) + "\"}\n");
        refused(recipe(own), "2 of the 4 pictures");
        String longer = "a red circle ".repeat(40);
        Files.writeString(
                pictures.resolve("metadata.jsonl"),
                "{\"file_name\":\"0.png\",\"text\":\"a dot\"}\n{\"file_name\":\"1.png\",\"text\":\"" + longer
                        + "\"}\n{\"file_name\":\"2.png\",\"text\":\"\"}\n{\"file_name\":\"3.png\",\"text\":\"" + longer
                        + "\"}\n");
        refused(
                recipe(own),
                "2 of the 4 captions",
                "longer than the text encoder reads (1.png, 3.png)",
                "shorten them");
    }

    private void refused(Recipe recipe, String... messages) {
        Path run = folder.resolve("refused");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> TrainingRun.start(recipe, run))
                .withMessageContainingAll(messages)
                .matches(e -> !String.valueOf(e.getMessage()).contains("\n"));
        assertThat(run).doesNotExist();
    }
}
