// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static dev.diffusion4j.recipe.ZogRuns.BASE;
import static dev.diffusion4j.recipe.ZogRuns.contents;
import static dev.diffusion4j.recipe.ZogRuns.dreambooth;
import static dev.diffusion4j.recipe.ZogRuns.trained;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.adapter.PipelineLora;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.data.loader.Batch;
import dev.diffusion4j.data.loader.BatchLoader;
import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.SampleSize;
import dev.diffusion4j.pipeline.DiffusionPipeline;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.trainer.Checkpoints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tiny Stable Diffusion learns what a zog is: pictures of the class first, then a LoRA of its denoiser and its text encoder. */
class DreamBoothRunTest {
    private static final int GROUPS = 2;

    @TempDir
    Path folder;

    private static Recipe recipe(Consumer<Recipe.Draft> edit) {
        return ZogRuns.recipe(r -> {
                    dreambooth(r, d -> {
                        d.classPrompts = List.of("a photo of a thing", "a red cat", "the dog");
                        d.classCount = 10;
                        d.classSteps = 2;
                    });
                    r.lora = LoraConfig.DEFAULT
                            .withRank(2, 2)
                            .withTargets(List.of("to_q", "to_v", "conv1", "ff.net.2"))
                            .withTextTargets(List.of("q_proj", "fc1"));
                })
                .with(edit);
    }

    /** Stops after a group of class pictures, and after an update. */
    private static final class Stopping implements RunListener {
        private final boolean inPictures;
        private boolean reached;

        Stopping(boolean inPictures) {
            this.inPictures = inPictures;
        }

        @Override
        public void onClassPictures(int done, int count, Path where) {
            reached |= inPictures;
        }

        @Override
        public void onStep(RunProgress progress) {
            reached |= !inPictures && progress.step() == 3;
        }
    }

    @Test
    void drawing_and_learning_go_on_to_the_same_bytes_and_leave_the_base_alone() throws IOException {
        TreeMap<String, String> base = contents(BASE);
        Path whole = trained(folder.resolve("whole"), recipe(r -> {}));
        assertThat(contents(whole.resolve("class-pictures"))).hasSize(10);

        Path parts = folder.resolve("parts");
        TrainingRun run = TrainingRun.start(recipe(r -> {}), parts);
        for (boolean inPictures : new boolean[] {true, false}) {
            Stopping stopping = new Stopping(inPictures);
            assertThat(run.run(stopping, () -> stopping.reached).finished()).isFalse();
            assertThat(contents(parts.resolve("class-pictures"))).hasSize(inPictures ? 8 : 10);
            run = TrainingRun.resume(parts, false);
        }
        assertThat(run.run(new RunListener() {}, () -> false).finished()).isTrue();
        assertThat(contents(parts.resolve("class-pictures"))).isEqualTo(contents(whole.resolve("class-pictures")));
        assertThat(contents(parts.resolve("lora"))).isEqualTo(contents(whole.resolve("lora")));
        assertThat(contents(BASE)).isEqualTo(base);

        try (Safetensors file = Safetensors.open(whole.resolve("lora").resolve(PipelineLora.FILE))) {
            assertThat(file.metadata()).containsKey("lora_adapter_metadata");
            assertThat(file.tensors().keySet())
                    .anyMatch(name -> name.matches("unet\\..*conv1\\.lora_A\\.weight"))
                    .anyMatch(name -> name.matches("text_encoder\\.text_model\\..*q_proj\\.lora_B\\.weight"));
            TensorScope.run(() -> assertThat(
                            Tensors.floats(file.read("text_encoder.text_model.encoder.layers.0.mlp.fc1.lora_B.weight")))
                    .as("what the text encoder learnt")
                    .matches(values -> values[0] != 0));
        }
        assertThat(Files.readString(whole.resolve("lora/README.md")))
                .contains("instance_prompt: a photo of a zog", "load_lora_weights", "--prompt \"a photo of a zog\"");
        assertThat(draw(List.of(new LoraChoice(whole, 1)))).isNotEqualTo(draw(List.of()));
    }

    @Test
    void a_base_in_bf16_is_learnt_through_to_the_same_bytes_wherever_the_run_was_stopped() throws IOException {
        TreeMap<String, String> base = contents(BASE);
        for (Precision dtype : List.of(Precision.F32, Precision.BF16)) {
            Recipe recipe = recipe(r -> {
                r.training.dtype = dtype;
                r.training.frozenDtype = Precision.BF16;
                r.training.checkpointActivations = dtype == Precision.BF16;
                r.samples.count = 1;
                r.samples.steps = 2;
                r.samples.everyEpochs = 1;
                dreambooth(r, d -> {
                    d.priorWeight = 0;
                    d.classPrompts = List.of();
                    d.wordLearningRate = dtype == Precision.BF16 ? 0.05 : 0;
                    d.leastStrength = dtype == Precision.BF16 ? 0.5 : 1;
                });
            });
            Path whole = folder.resolve(dtype + "-whole");
            TrainingRun.start(recipe, whole).run(new RunListener() {}, () -> false);
            Path parts = folder.resolve(dtype + "-parts");
            Stopping stopping = new Stopping(false);
            assertThat(TrainingRun.start(recipe, parts)
                            .run(stopping, () -> stopping.reached)
                            .finished())
                    .isFalse();
            ZogRuns.resumed(parts);
            assertThat(contents(parts.resolve("lora"))).isEqualTo(contents(whole.resolve("lora")));
            assertThat(contents(BASE)).isEqualTo(base);
            assertLearntInF32(whole.resolve("lora").resolve(PipelineLora.FILE));
        }
    }

    private static void assertLearntInF32(Path lora) {
        try (Safetensors file = Safetensors.open(lora)) {
            TensorScope.run(() -> file.tensors().keySet().forEach(name -> {
                Tensor tensor = file.read(name);
                assertThat(Tensors.type(tensor)).as(name).isEqualTo(ScalarType.Float);
                assertThat(tensor.abs().sum().item_float())
                        .as(name)
                        .isPositive()
                        .isFinite();
            }));
        }
    }

    @Test
    void what_auto_came_to_is_kept_whatever_the_machine_is_found_to_be_later() throws IOException {
        for (Precision dtype : List.of(Precision.F32, Precision.BF16)) {
            Path named = once(dtype.key(), dtype);
            Path chosen = folder.resolve("auto-" + dtype.key());
            Files.createDirectories(chosen);
            Files.writeString(new RunFolder(chosen).dtype(), "{\"dtype\": \"" + dtype.key() + "\"}");
            once(String.valueOf(chosen.getFileName()), Precision.AUTO);
            assertThat(named.resolve("dtype.json")).doesNotExist();
            for (String part : List.of("class-pictures", "lora")) {
                assertThat(contents(chosen.resolve(part))).as(part).isEqualTo(contents(named.resolve(part)));
            }
        }
        Path auto = once("auto", Precision.AUTO);
        Path last =
                new Checkpoints(new RunFolder(auto).checkpoints(), 1).newest().orElseThrow();
        assertThat(Json.readObject(auto.resolve("dtype.json")))
                .isEqualTo(Map.of("dtype", Checkpoints.readChoices(last).dtype().key()));
    }

    private Path once(String name, Precision dtype) {
        Recipe recipe = recipe(r -> {
            r.training.dtype = dtype;
            r.training.maxSteps = 1;
            dreambooth(r, d -> d.classCount = 2);
        });
        return trained(folder.resolve(name), recipe);
    }

    @Test
    void pictures_may_be_shown_under_their_own_captions_which_hold_the_word() {
        Recipe own = recipe(r -> dreambooth(r, d -> d.ownCaptions = true));
        try (TrainingData data = DreamBooth.openFirst(own, RunParts.NONE)) {
            assertThat(data.dataset().caption(0)).contains("red zog", "black");
            assertThat(data.dataset().example(0).caption())
                    .isEqualTo(data.dataset().caption(0));
        }
        refused(
                r -> {
                    r.data.source = "shapes";
                    r.data.limit = 4;
                    dreambooth(r, d -> d.ownCaptions = true);
                },
                "the caption of",
                "does not hold the word 'zog'");
    }

    @Test
    void without_a_lora_and_without_its_kind_the_whole_denoiser_learns_and_ends_as_a_pipeline() throws IOException {
        Recipe recipe = recipe(r -> {
            r.lora = null;
            r.training.maxSteps = 1;
            dreambooth(r, d -> {
                d.priorWeight = 0;
                d.classPrompts = List.of();
            });
        });
        Path run = trained(folder.resolve("full"), recipe);
        assertThat(run.resolve("class-pictures")).doesNotExist();
        TreeMap<String, String> before = contents(BASE);
        TreeMap<String, String> after = contents(run.resolve("model"));
        for (String part : List.of("vae/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors")) {
            assertThat(after.get(part)).as(part).isEqualTo(before.get(part));
        }
        String unet = "unet/diffusion_pytorch_model.safetensors";
        assertThat(after.get(unet)).isNotNull().isNotEqualTo(before.get(unet));
        assertThat(Files.readString(run.resolve("model/README.md")))
                .contains("pipeline_tag: text-to-image", "--prompt \"a photo of a zog\"");
    }

    private static float[] draw(List<LoraChoice> loras) {
        return ZogRuns.draw(BASE, LoadOptions.DEFAULT.withLoras(loras));
    }

    @Test
    void each_batch_shows_the_thing_under_its_prompt_beside_its_kind_under_others() throws IOException {
        Path pictures = folder.resolve("kind");
        Recipe recipe = recipe(r -> r.dreambooth =
                java.util.Objects.requireNonNull(r.dreambooth).with(d -> d.classPictures = pictures.toString()));
        RunFolder run = new RunFolder(folder.resolve("run"));
        DreamBoothConfig config = java.util.Objects.requireNonNull(recipe.dreambooth());
        ClassPictures drawn = new ClassPictures(recipe, config, List.of(), run, RunParts.NONE);
        int[] groups = {0};
        RunListener counting = new RunListener() {
            @Override
            public void onClassPictures(int done, int count, Path where) {
                groups[0]++;
            }
        };
        Files.createDirectories(pictures);
        Files.write(pictures.resolve(".class-00000.png.1f.tmp"), new byte[9]); // what a drawing that was killed leaves
        assertThat(drawn.draw("cpu", Precision.F32, counting, () -> false)).isTrue();
        assertThat(drawn.draw("cpu", Precision.F32, counting, () -> false)).isTrue();
        assertThat(groups[0]).isEqualTo(GROUPS);

        TreeMap<String, String> before = contents(pictures);
        Files.delete(pictures.resolve("class-00003.png"));
        assertThat(drawn.draw("cpu", Precision.F32, counting, () -> false)).isTrue();
        assertThat(contents(pictures)).isEqualTo(before);
        Files.move(pictures.resolve("class-00009.png"), pictures.resolve("mine.png")); // one of a person's own
        assertThat(drawn.draw("cpu", Precision.F32, counting, () -> false)).isTrue();
        assertThat(contents(pictures)).hasSize(11).doesNotContainKey("class-00009.png");

        try (TrainingData data = DreamBooth.open(recipe, run, RunParts.NONE);
                BatchLoader loader = data.loader(4, 0, 0)) {
            Dataset all = data.dataset();
            assertThat(all.size()).isEqualTo(15);
            assertThat(all.caption(5 + 4)).isEqualTo("a red cat");
            for (int i = 0; i < 8; i++) {
                Batch batch = loader.next();
                assertThat(batch.labels()).containsExactly(0, 0, 1, 1);
                assertThat(batch.captions().subList(0, 2)).containsOnly("a photo of a zog");
                assertThat(config.classPrompts()).containsAll(batch.captions().subList(2, 4));
            }
        }
    }

    @Test
    void pictures_of_the_kind_keep_what_they_show_whatever_is_asked_for_later() throws IOException {
        Path pictures = folder.resolve("kind");
        RunFolder run = new RunFolder(folder.resolve("run"));
        Recipe first = ofKind(pictures, d -> d.classPrompts = List.of("a red cat"));
        ClassPictures drawn = new ClassPictures(
                first, java.util.Objects.requireNonNull(first.dreambooth()), List.of(), run, RunParts.NONE);
        assertThat(drawn.draw("cpu", Precision.F32, new RunListener() {}, () -> false))
                .isTrue();
        Files.move(pictures.resolve("class-00002.png"), pictures.resolve("mine.png"));

        Recipe later = ofKind(pictures, d -> d.classPrompts = List.of("the dog"));
        ClassPictures there = new ClassPictures(
                later, java.util.Objects.requireNonNull(later.dreambooth()), List.of(), run, RunParts.NONE);
        try (Dataset all = there.open()) {
            assertThat(there.caption(0)).isEqualTo("a red cat");
            assertThat(all.size()).isEqualTo(3);
            assertThat(there.caption(2)).as("a person's own").isEqualTo("the dog");
        }
        Recipe words = ofKind(pictures, d -> {
            d.classPrompts = List.of();
            d.classWords = List.of("ring", "star");
        });
        ClassPictures unknown = new ClassPictures(
                words,
                java.util.Objects.requireNonNull(words.dreambooth()),
                List.of("a zog", "a red zog"),
                run,
                RunParts.NONE);
        assertThatThrownBy(() -> unknown.draw("cpu", Precision.F32, new RunListener() {}, () -> false))
                .isInstanceOf(Problem.class)
                .hasMessageContainingAll("1 of the 1 class pictures of your own", "mine.png", "metadata.jsonl");
    }

    private static Recipe ofKind(Path pictures, Consumer<DreamBoothConfig.Draft> edit) {
        return recipe(r -> dreambooth(r, d -> {
            d.classPictures = pictures.toString();
            d.classCount = 3;
            edit.accept(d);
        }));
    }

    @Test
    void a_base_that_changed_since_the_run_was_set_up_draws_nothing() throws IOException {
        Path base = ZogRuns.copyOfBase(folder.resolve("base"));
        Path path = folder.resolve("run");
        TrainingRun run = TrainingRun.start(recipe(r -> r.model.from = base.toString()), path);
        ZogRuns.scaled(base.resolve("unet/diffusion_pytorch_model.safetensors"), 0.5);
        assertThatThrownBy(() -> run.run(new RunListener() {}, () -> false))
                .isInstanceOf(Problem.class)
                .hasMessageContaining("no longer those that the run was set up with");
        assertThat(path.resolve("class-pictures")).doesNotExist();
    }

    @Test
    void the_kind_is_drawn_with_the_parts_that_the_recipe_names_and_another_base_s_pictures_are_refused()
            throws IOException {
        Path other = ZogRuns.copyOfBase(folder.resolve("other"));
        ZogRuns.scaled(other.resolve("vae/diffusion_pytorch_model.safetensors"), 0.5);
        Path replaced = drawn("replaced", BASE, Map.of("vae", other.toString()));
        TreeMap<String, String> pictures = contents(replaced);
        assertThat(pictures).hasSize(2).isEqualTo(contents(drawn("whole", other, Map.of())));
        assertThat(pictures).isNotEqualTo(contents(drawn("plain", BASE, Map.of())));

        Recipe shared = recipe(r -> dreambooth(r, d -> d.classPictures = replaced.toString()));
        ZogRuns.assertRefused(
                shared,
                folder.resolve("refused"),
                "another model than this run's base drew 2 of the class pictures in " + replaced,
                "class-00000.png, class-00001.png");
        assertThat(contents(replaced)).isEqualTo(pictures);
        for (String name : pictures.keySet()) {
            Path file = replaced.resolve(name);
            PngFile.write(file, Objects.requireNonNull(ImageIO.read(file.toFile())));
        }
        TrainingRun.start(shared, folder.resolve("own"));
    }

    /** Where a run drew two pictures of the kind and was stopped. */
    private Path drawn(String name, Path base, Map<String, String> parts) {
        Recipe recipe = recipe(r -> {
            r.model.from = base.toString();
            r.model.parts = parts;
            dreambooth(r, d -> d.classCount = 2);
        });
        Path run = folder.resolve(name);
        Stopping stopping = new Stopping(true);
        assertThat(TrainingRun.start(recipe, run)
                        .run(stopping, () -> stopping.reached)
                        .finished())
                .isFalse();
        return new RunFolder(run).classPictures();
    }

    @Test
    void the_kind_is_shown_in_the_scenes_of_the_thing_under_other_words() {
        Recipe recipe = recipe(r -> dreambooth(r, d -> {
            d.ownCaptions = true;
            d.classPrompts = List.of("the dog");
            d.classWords = List.of("ring", "$star");
        }));
        DreamBoothConfig config = java.util.Objects.requireNonNull(recipe.dreambooth());
        try (TrainingData data = DreamBooth.openFirst(recipe, RunParts.NONE)) {
            Dataset things = data.dataset();
            List<String> shown = java.util.stream.IntStream.range(0, things.size())
                    .mapToObj(things::caption)
                    .toList();
            ClassPictures kind =
                    DreamBooth.classPictures(recipe, config, new RunFolder(folder.resolve("run")), RunParts.NONE);
            List<String> prompts = kind.prompts();
            assertThat(prompts).hasSize(1 + 2 * shown.size()).startsWith("the dog");
            assertThat(prompts.subList(1, 4))
                    .containsExactly(
                            shown.get(0).replace("zog", "ring"),
                            shown.get(1).replace("zog", "$star"),
                            shown.get(2).replace("zog", "ring"));
            assertThat(prompts).noneMatch(prompt -> prompt.contains("zog"));
        }
    }

    @Test
    void what_cannot_be_is_said_in_one_line_before_anything_is_written() throws IOException {
        refused(r -> r.model.from = null, "name its folder with model.from");
        refused(r -> dreambooth(r, d -> d.prompt = ""), "dreambooth.prompt is missing");
        refused(r -> dreambooth(r, d -> d.prompt = "a photo of zogs"), "does not hold the word 'zog'");
        refused(r -> dreambooth(r, d -> d.classPrompts = List.of()), "dreambooth.class_prompts is missing");
        refused(
                r -> dreambooth(r, d -> {
                    d.identifier = null;
                    d.classWords = List.of("ring");
                }),
                "dreambooth.class_words take the place of the word that dreambooth.identifier names");
        refused(
                r -> {
                    r.lora = null;
                    dreambooth(r, d -> d.leastStrength = 0.5);
                },
                "dreambooth.least_strength is 0.5",
                "without a LoRA");
        refused(r -> r.training.batchSize = 3, "training.batch_size is 3", "even");
        Path file = Files.writeString(folder.resolve("file"), "");
        refused(
                r -> dreambooth(r, d -> d.classPictures = file.resolve("in").toString()),
                "cannot write class pictures");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        refused(r -> r.data.source = "folder:" + empty, "holds no pictures");
        Path digits = Path.of("../core/src/test/resources/golden/tiny-pipeline").toAbsolutePath();
        refused(
                r -> {
                    r.model.from = digits.toString();
                    r.data.channels = dev.diffusion4j.data.ChannelMode.GREY;
                    r.lora = null;
                },
                "teaches a text-to-image model",
                "UNet2DModel");
        assertThatThrownBy(() -> ClassPictures.checkRoom(100, SampleSize.square(64), folder, 1000))
                .isInstanceOf(Problem.class)
                .hasMessageContainingAll("no room for class pictures: 100 of 64x64", "0.0 MB left");
        ClassPictures.checkRoom(100, SampleSize.square(64), folder, 10_000_000);
    }

    @Test
    void all_pictures_of_the_thing_are_learnt_from_and_none_is_measured_on() {
        refused(
                r -> {
                    r.data.validationShare = 0.2;
                    r.validation = ValidationConfig.DEFAULT;
                },
                "recipe zogs",
                "holds none back",
                "omit the recipe's validation");
        refused(r -> r.data.validationShare = 0.2, "data.validation_share is 0.2", "data.validation_share=0");
    }

    @Test
    void class_pictures_that_cannot_be_are_refused_before_the_folder_is_claimed() throws IOException {
        refused(
                r -> dreambooth(r, d -> d.classCaptions = "scnes"),
                "dreambooth.class_captions: unknown data source 'scnes'",
                "did you mean 'scenes'");
        Path bare = picture(folder.resolve("bare"));
        refused(
                r -> dreambooth(r, d -> {
                    d.classPrompts = List.of();
                    d.classCaptions = "folder:" + bare;
                }),
                "dreambooth.class_captions names",
                "which has no captions");
        refused(
                r -> dreambooth(r, d -> {
                    d.classPictures = bare.toString();
                    d.classPrompts = List.of();
                    d.classCaptions = "scenes";
                }),
                "1 of the 1 class pictures of your own in " + bare,
                "mine.png");
    }

    @Test
    void what_shows_the_kind_is_read_whole_or_refused() throws IOException {
        String longer = "a red circle ".repeat(40);
        refused(
                r -> dreambooth(r, d -> d.classPrompts = List.of("the dog", longer)),
                "the prompt '" + longer + "' of class pictures is longer than the text encoder reads",
                "dreambooth.class_prompts");
        refused(
                r -> dreambooth(r, d -> d.classWords = List.of("ring", longer)),
                "the prompt 'a photo of a " + longer + "' of class pictures",
                "dreambooth.class_words");
        Path own = picture(folder.resolve("own"));
        Files.writeString(own.resolve("metadata.jsonl"), "{\"file_name\":\"mine.png\",\"text\":\"" + longer + "\"}\n");
        refused(
                r -> dreambooth(r, d -> d.classPictures = own.toString()),
                "1 of the 1 captions of folder:" + own + " are longer than the text encoder reads (mine.png)",
                "or delete the pictures");
        TrainingRun.start(
                recipe(r -> dreambooth(r, d -> {
                    d.classCount = 2;
                    d.classPrompts = List.of("the dog", "a red cat", longer); // whose turn does not come
                })),
                folder.resolve("run"));
    }

    @Test
    void pictures_of_the_thing_and_of_its_kind_lie_apart() throws IOException {
        Path things = picture(folder.resolve("things"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), things);
        for (Path kind : List.of(things, things.resolve("kind"), link.resolve("kind"), folder)) {
            refused(
                    r -> {
                        r.data.source = "folder:" + things;
                        dreambooth(r, d -> d.classPictures = kind.toString());
                    },
                    "the class pictures in " + kind + " and the pictures of the thing in " + things,
                    "name a folder beside it");
        }
        ZogRuns.assertRefused(
                recipe(r -> r.data.source = "folder:" + things), things.resolve("run"), "dreambooth.class_pictures");
        TrainingRun.start(
                recipe(r -> {
                    r.data.source = "folder:" + things;
                    dreambooth(
                            r,
                            d -> d.classPictures = folder.resolve("things-kind").toString());
                }),
                folder.resolve("run"));
    }

    /** A folder with one picture in it. */
    private static Path picture(Path where) throws IOException {
        Files.createDirectories(where);
        PngFile.write(where.resolve("mine.png"), new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB));
        return where;
    }

    @Test
    void class_pictures_take_the_room_of_the_size_at_which_the_base_draws_them() {
        Recipe small = recipe(r -> r.data.imageSize = 8);
        try (DiffusionPipeline base = DiffusionPipeline.load(BASE)) {
            assertThat(BaseModel.pictureSize(small, RunParts.NONE, base.codec()))
                    .contains(SampleSize.square(16));
        }
    }

    @Test
    void places_are_kept_whole_and_previews_show_each_prompt_once() throws IOException {
        Path scenes = picture(folder.resolve("scenes"));
        Files.writeString(scenes.resolve("mine.txt"), "a red circle");
        Path relative = Path.of("").toAbsolutePath().relativize(folder.toAbsolutePath());
        Recipe begun = TrainingRun.start(
                        recipe(r -> {
                            r.samples.count = 2;
                            dreambooth(r, d -> {
                                d.classPictures = relative.resolve("kind").toString();
                                d.classCaptions = "folder:" + relative.resolve("scenes");
                            });
                        }),
                        folder.resolve("run"))
                .recipe();
        DreamBoothConfig config = Objects.requireNonNull(begun.dreambooth());
        assertThat(config.classPictures()).isEqualTo(folder.resolve("kind").toString());
        assertThat(config.classCaptions()).isEqualTo("folder:" + scenes);
        assertThat(begun.samples().prompts()).containsExactly("a photo of a zog");
    }

    private void refused(Consumer<Recipe.Draft> edit, String... words) {
        ZogRuns.assertRefused(recipe(edit), folder.resolve("refused"), words);
    }
}
