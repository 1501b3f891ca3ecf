// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.ChannelMode;
import dev.diffusion4j.data.SourceOptions;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.Batch;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.evaluation.ClipJudge;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.clip.Clip;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.model.clip.ClipTextModel;
import dev.diffusion4j.objective.ContrastiveObjective;
import dev.diffusion4j.parallel.GroupOfThreads;
import dev.diffusion4j.pipeline.GuideKit;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TokenizerFolder;
import dev.diffusion4j.tracking.JsonlTracker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A CLIP learns to read captions and to tell pictures apart by the ordinary trainer, and is saved as transformers saves one. */
class ClipRunTest {
    private static final RunListener QUIET = new RunListener() {};
    private static final int LENGTH = 40;

    @TempDir
    Path folder;

    static Recipe recipe() {
        Map<String, @Nullable Object> tower = Map.of(
                "hidden_size", 16L, "intermediate_size", 32L, "num_hidden_layers", 2L, "num_attention_heads", 2L);
        Map<String, @Nullable Object> text = new java.util.LinkedHashMap<>(tower);
        text.put("max_position_embeddings", (long) LENGTH);
        Map<String, @Nullable Object> vision = new java.util.LinkedHashMap<>(tower);
        vision.put("patch_size", 4L);
        return Recipe.DEFAULT.with(r -> {
            r.name = "tiny-clip";
            r.model.kind = "CLIPModel";
            r.model.config = Map.of("text_config", text, "vision_config", vision, "projection_dim", 16L);
            r.model.tokenizer = new TokenizerSpec(700, 500, null);
            r.data.source = "scenes";
            r.data.imageSize = 16;
            r.data.limit = 200;
            r.data.validationShare = 0.1;
            r.training.maxSteps = 4;
            r.training.batchSize = 8;
            r.samples.count = 0;
            r.validation = new ValidationConfig(1, 16, null);
        });
    }

    @Test
    void learns_measures_retrieval_and_ends_in_the_same_bytes_when_it_was_stopped() throws IOException {
        Path whole = TrainingRun.start(recipe(), folder.resolve("whole"))
                .run(QUIET, () -> false)
                .folder();
        AtomicInteger asked = new AtomicInteger();
        Path stopped = folder.resolve("stopped");
        RunSummary half = TrainingRun.start(recipe(), stopped).run(QUIET, () -> asked.incrementAndGet() > 2);
        assertThat(half.finished()).isFalse();
        Files.delete(stopped.resolve("tokenizer/tokenizer_config.json")); // as if it was killed while it wrote
        TrainingRun.resume(stopped, false).run(QUIET, () -> false);
        for (String file :
                List.of("model.safetensors", "config.json", "tokenizer.json", "text_encoder/model.safetensors")) {
            assertThat(stopped.resolve("model").resolve(file))
                    .hasSameBinaryContentAs(whole.resolve("model").resolve(file));
        }
        List<Map<String, @Nullable Object>> lines = JsonlTracker.read(whole.resolve("metrics.jsonl"));
        assertThat(lines.get(0))
                .containsKeys(
                        "loss",
                        "logit_scale",
                        ContrastiveObjective.IMAGE_RETRIEVAL,
                        ContrastiveObjective.TEXT_RETRIEVAL);
        assertThat(lines).anySatisfy(line -> assertThat(line)
                .containsKeys("val_loss", "val_image_retrieval", "val_text_retrieval"));
    }

    @Test
    void whether_it_knows_which_of_two_things_is_first_is_measured_on_the_way() {
        Recipe recipe = recipe().with(r -> r.validation = new ValidationConfig(1, 16, null).withEverySteps(3));
        Path run = TrainingRun.start(recipe, folder.resolve("run"))
                .run(QUIET, () -> false)
                .folder();
        List<Map<String, @Nullable Object>> measured = JsonlTracker.read(run.resolve("metrics.jsonl")).stream()
                .filter(line -> line.containsKey("val_order"))
                .toList();
        assertThat(measured).extracting(line -> line.get("step")).containsExactly(3L, 4L);
        assertThat(run.resolve("history")).doesNotExist();
        assertThat((Double) measured.get(1).get("val_order")).isCloseTo(ordered(run, recipe), within(1e-6));
    }

    @Test
    void captions_that_say_it_the_wrong_way_round_are_for_a_clip_and_for_data_that_has_them() {
        Recipe recipe = recipe().with(r -> r.objective.hardNegatives = true);
        Path run = TrainingRun.start(recipe, folder.resolve("run"))
                .run(QUIET, () -> false)
                .folder();
        assertThat(JsonlTracker.read(run.resolve("metrics.jsonl")).get(0)).containsKey("order");
        assertThatThrownBy(
                        () -> TrainingRun.start(recipe.with(r -> r.data.source = "shapes"), folder.resolve("shapes")))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("objective.hard_negatives takes captions in which two things have changed places")
                .hasMessageContaining("knows none");
        Recipe denoiser = TextToImageRunTest.fresh(r -> r.objective.hardNegatives = true);
        assertThatThrownBy(() -> TrainingRun.start(denoiser, folder.resolve("denoiser")))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("objective.hard_negatives is for a CLIPModel");
    }

    /** By the saved network, one picture after the other. */
    private static double ordered(Path run, Recipe recipe) {
        int two = 0;
        int right = 0;
        try (TrainingData data = TrainingData.openHeldBack(recipe.data(), SourceOptions.defaults())
                        .limitedTo(16);
                BatchLoader batches = data.inOrder(1);
                Clip clip = Clip.load(run.resolve("model"))) {
            for (int i = 0; i < data.dataset().size(); i++) {
                Batch batch = batches.next();
                String wrong = data.dataset().exchanged(i);
                assertThat(batch.exchanged().get(0)).isEqualTo(wrong);
                if (wrong != null) {
                    two++;
                    right += TensorScope.compute(() -> {
                        Tensor picture = clip.embedPictures(
                                batch.images().add(new Scalar(1.0)).div(new Scalar(2.0)));
                        String caption = java.util.Objects.requireNonNull(
                                batch.captions().get(0));
                        float[] likeness = Tensors.floats(clip.embedTexts(List.of(caption, wrong))
                                .mm(picture.t())
                                .detach());
                        return likeness[0] > likeness[1] ? 1 : 0;
                    });
                }
            }
        }
        assertThat(two).isBetween(2, 14);
        return (double) right / two;
    }

    @Test
    void is_saved_as_a_clip_with_its_tokenizer_and_with_its_text_half() {
        Path model = TrainingRun.start(recipe(), folder.resolve("run"))
                .run(QUIET, () -> false)
                .folder()
                .resolve("model");
        String text = "a small red circle in the middle, on black";
        TensorScope.run(() -> {
            try (Clip clip = Clip.load(model);
                    ClipTextModel half = (ClipTextModel) PipelineFolder.open(model)
                            .network("text_encoder")
                            .read(Devices.cpu(), Precision.F32, null)) {
                assertThat(clip.pictures().size()).isEqualTo(16);
                assertThat(clip.pictures().mean()).containsOnly(0.5);
                assertThat(clip.longestText()).isEqualTo(LENGTH - 2);
                ClipTokenizer tokenizer = TokenizerFolder.read(model.resolve("tokenizer"));
                assertThat(tokenizer.maxLength()).isEqualTo(LENGTH);
                assertThat(clip.model().config().get("text_config"))
                        .extracting("eos_token_id", "bos_token_id", "vocab_size")
                        .containsExactly((long) tokenizer.endId(), (long) tokenizer.startId(), (long) tokenizer.size());
                Tensor ids =
                        Tensors.ofLongs(tokenizer.ids(List.of(text), LENGTH)).view(1, LENGTH);
                float[] whole =
                        Tensors.floats(clip.model().textTower().states(ids).detach());
                float[] alone = Tensors.floats(half.forward(ids).last().detach());
                for (int i = 0; i < whole.length; i++) {
                    assertThat(alone[i]).isCloseTo(whole[i], within(1e-5f));
                }
                Tensor similarity = clip.embedTexts(List.of(text))
                        .mm(clip.embedPictures(org.bytedeco.pytorch.global.torch.zeros(1, 3, 16, 16))
                                .t());
                assertThat((double) similarity.item_float()).isBetween(-1.0, 1.0);
            }
            assertThat(model.resolve("README.md")).content().contains("library_name: transformers", "CLIPProcessor");
            try (Model read = PipelineFolder.open(model).readModel(Devices.cpu(), Precision.F32, null)) {
                assertThat(read).isInstanceOf(ClipModel.class);
            }
        });
    }

    @Test
    void a_run_guides_and_scores_and_is_the_text_encoder_of_a_text_to_image_model() {
        Path run = TrainingRun.start(recipe(), folder.resolve("run"))
                .run(QUIET, () -> false)
                .folder();
        Clip.Origin origin = new Clip.Origin(run, null);
        try (GuideKit kit = new GuideKit(origin, notice -> {});
                ClipJudge judge = ClipJudge.open(origin, "a red circle")) {
            assertThat(kit.parse("clip=a red circle:2")).isNotNull();
            assertThat(judge.clip().pictures().size()).isEqualTo(16);
        }
        Recipe recipe = TextToImageRunTest.fresh(r -> {
            r.model.parts = Map.of("vae", r.model.parts.get("vae"), "text_encoder", run.toString());
            r.training.maxSteps = 1;
        });
        Path drawing = TrainingRun.start(recipe, folder.resolve("drawing"))
                .run(QUIET, () -> false)
                .folder();
        for (String file : List.of("text_encoder/model.safetensors", "tokenizer/tokenizer.json")) {
            assertThat(drawing.resolve("model").resolve(file))
                    .hasSameBinaryContentAs(run.resolve("model").resolve(file));
        }
    }

    @Test
    void is_not_shared_by_several_processes() {
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> GroupOfThreads.run(
                        2, group -> TrainingRun.start(recipe(), folder.resolve("two"), RunParts.NONE.withGroup(group))
                                .run(QUIET, () -> false)))
                .withMessageContaining("train in one process");
    }

    @Test
    void what_does_not_fit_is_refused_before_anything_is_written() {
        refused(recipe().with(r -> r.training.gradientAccumulationSteps = 2), "set training.batch_size in its place");
        refused(recipe().with(r -> r.training.batchSize = 1), "a CLIP compares the pictures of a batch");
        refused(
                recipe().with(r -> r.data.source = "digits"),
                "has no captions, but this recipe's network learns to read");
        refused(recipe().with(r -> r.data.channels = ChannelMode.GREY), "set data.channels to rgb");
        refused(
                recipe().with(r -> {
                    r.model.kind = "ConvClassifier";
                    r.model.config = Map.of();
                }),
                "model.tokenizer is for a CLIPModel");
    }

    private void refused(Recipe recipe, String message) {
        Path run = folder.resolve("refused");
        assertThatExceptionOfType(Problem.class)
                .isThrownBy(() -> TrainingRun.start(recipe, run))
                .withMessageContaining(message);
        assertThat(Files.exists(run)).isFalse();
    }
}
