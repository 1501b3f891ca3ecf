// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.recipe;

import static dev.diffusion4j.recipe.ZogRuns.BASE;
import static dev.diffusion4j.recipe.ZogRuns.contents;
import static dev.diffusion4j.recipe.ZogRuns.draw;
import static dev.diffusion4j.recipe.ZogRuns.dreambooth;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraConfig;
import dev.diffusion4j.adapter.PipelineLora;
import dev.diffusion4j.base.AtomicFile;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.condition.TextualInversion;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.TrainingData;
import dev.diffusion4j.folder.LoraPlace;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.pipeline.LoadOptions;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.text.ClipTokenizer;
import dev.diffusion4j.text.TokenizerFolder;
import dev.diffusion4j.trainer.EmaConfig;
import dev.diffusion4j.trainer.ParameterGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** DreamBooth whose word has vectors of its own, which learn: from a tiny Stable Diffusion to files that are read with it. */
class LearningWordRunTest {
    @TempDir
    Path folder;

    private static Recipe recipe(Consumer<Recipe.Draft> edit) {
        return ZogRuns.recipe(r -> {
                    r.training.ema = EmaConfig.DEFAULT;
                    dreambooth(r, d -> {
                        d.wordLearningRate = 0.05;
                        d.ownCaptions = true;
                        d.priorWeight = 0;
                    });
                    r.lora = LoraConfig.DEFAULT.withRank(2, 2).withTargets(List.of("to_q", "to_v"));
                })
                .with(edit);
    }

    private Path trained(String name, Recipe recipe) {
        return ZogRuns.trained(folder.resolve(name), recipe);
    }

    /** A run that was stopped after its third step of four. */
    private static void stopped(Path run, Recipe recipe) {
        boolean[] reached = {false};
        RunListener stopping = new RunListener() {
            @Override
            public void onStep(RunProgress progress) {
                reached[0] = progress.step() == 3;
            }
        };
        assertThat(TrainingRun.start(recipe, run)
                        .run(stopping, () -> reached[0])
                        .finished())
                .isFalse();
    }

    /** What the run's word was cut into begins as this. */
    private static float[] ownRows() {
        ClipTokenizer tokenizer = TokenizerFolder.read(BASE.resolve("tokenizer"));
        List<Integer> cut = tokenizer.encode("zog");
        try (Model text = PipelineFolder.open(BASE).network("text_encoder").read(Devices.cpu(), Precision.F32, null)) {
            Tensor table = Objects.requireNonNull(text.stateDict().get("text_model.embeddings.token_embedding.weight"));
            return TensorScope.compute(() -> Tensors.floats(table.index_select(
                    0,
                    Tensors.ofLongs(cut.stream().mapToLong(Integer::longValue).toArray()))));
        }
    }

    @Test
    void the_rows_learn_resume_to_the_same_bytes_and_leave_the_base_alone() throws IOException {
        TreeMap<String, String> base = contents(BASE);
        Path whole = trained("whole", recipe(r -> {}));

        Path parts = folder.resolve("parts");
        stopped(parts, recipe(r -> {}));
        ZogRuns.resumed(parts);
        assertThat(contents(parts.resolve("lora"))).isEqualTo(contents(whole.resolve("lora")));
        assertThat(contents(BASE)).isEqualTo(base);

        try (Safetensors file = Safetensors.open(whole.resolve("lora").resolve(LoraPlace.WORD));
                Safetensors averages = Safetensors.open(whole.resolve("checkpoints/step-00000004/ema.safetensors"))) {
            assertThat(file.tensors()).containsOnlyKeys("zog");
            TensorScope.run(() -> {
                float[] learnt = Tensors.floats(file.read("zog"));
                assertThat(learnt).isEqualTo(Tensors.floats(averages.read("word.rows")));
                float[] before = ownRows();
                assertThat(learnt).hasSameSizeAs(before).isNotEqualTo(before);
            });
        }
    }

    @Test
    void the_word_is_read_with_the_lora_s_folder_or_by_itself_and_counts() throws IOException {
        Path run = trained("run", recipe(r -> r.training.ema = null));
        Path file = run.resolve("lora").resolve(PipelineLora.FILE);
        Path word = run.resolve("lora").resolve(LoraPlace.WORD);
        LoadOptions alone = LoadOptions.DEFAULT.withLoras(List.of(new LoraChoice(file, 1)));
        float[] beside = draw(BASE, LoadOptions.DEFAULT.withLoras(List.of(new LoraChoice(run, 1))));
        assertThat(beside).isEqualTo(draw(BASE, alone.withEmbeddings(List.of(word))));
        assertThat(beside).isNotEqualTo(draw(BASE, alone));
        assertThat(beside)
                .isEqualTo(draw(
                        BASE,
                        LoadOptions.DEFAULT
                                .withLoras(List.of(new LoraChoice(run, 1)))
                                .withEmbeddings(List.of(word))));
        assertThat(Files.readString(run.resolve("lora/README.md")))
                .contains("The word `zog` has vectors of its own", "load_textual_inversion");
    }

    @Test
    void another_run_goes_on_from_both() {
        Path first = trained("first", recipe(r -> r.training.ema = null));
        Path second = trained("second", recipe(r -> {
            r.training.ema = null;
            r.training.maxSteps = 1;
            dreambooth(r, d -> d.wordLearningRate = 1e-9);
            r.lora = Objects.requireNonNull(r.lora).withFrom(first.toString());
        }));
        assertThat(rows(second)).containsExactly(rows(first), within(1e-6f));
    }

    @Test
    void what_another_run_had_learnt_may_be_gone_once_there_is_a_checkpoint() throws IOException {
        Path first = trained("first", recipe(r -> r.training.maxSteps = 1));
        Path word = first.resolve("lora").resolve(LoraPlace.WORD);
        int width = rows(first).length / 3;
        TensorScope.run(() -> TextualInversion.write(word, "zog", Tensors.of(new float[2 * width], 2, width)));
        Recipe onwards = recipe(r -> r.lora = Objects.requireNonNull(r.lora).withFrom(first.toString()));
        Path whole = trained("whole", onwards);
        assertThat(rows(whole)).as("as many vectors as were given").hasSize(2 * width);

        Path parts = folder.resolve("parts");
        stopped(parts, onwards);
        AtomicFile.deleteTree(first);
        ZogRuns.resumed(parts);
        assertThat(contents(parts.resolve("lora"))).isEqualTo(contents(whole.resolve("lora")));
    }

    private static float[] rows(Path run) {
        try (Safetensors file = Safetensors.open(run.resolve("lora").resolve(LoraPlace.WORD))) {
            return TensorScope.compute(() -> Tensors.floats(file.read("zog")));
        }
    }

    @Test
    void the_whole_denoiser_learns_with_the_word_which_stands_beside_its_folder() throws IOException {
        Path run = trained("full", recipe(r -> {
            r.lora = null;
            r.training.maxSteps = 1;
            r.training.ema = null;
        }));
        Path model = run.resolve("model");
        Path word = model.resolve(LoraPlace.WORD);
        assertThat(contents(model).get("text_encoder/model.safetensors"))
                .isEqualTo(contents(BASE).get("text_encoder/model.safetensors"));
        assertThat(contents(model).get("tokenizer/tokenizer.json"))
                .isEqualTo(contents(BASE).get("tokenizer/tokenizer.json"));
        assertThat(draw(model, LoadOptions.DEFAULT.withEmbeddings(List.of(word))))
                .isNotEqualTo(draw(model, LoadOptions.DEFAULT));
        assertThat(Files.readString(model.resolve("README.md"))).contains("--embedding learned_embeds.safetensors");
    }

    @Test
    void each_picture_is_shown_under_each_of_its_captions() {
        try (TrainingData data = DreamBooth.openFirst(recipe(r -> {}), RunParts.NONE)) {
            Dataset all = data.dataset();
            assertThat(all.size()).isEqualTo(40);
            List<String> ofTheFirst = new ArrayList<>();
            for (int i = 0; i < all.size(); i++) {
                String colour =
                        List.of("red", "blue", "green", "yellow", "purple").get(i % 5);
                assertThat(all.caption(i)).contains(colour + " zog");
                assertThat(all.example(i).image().pixels())
                        .isEqualTo(all.example(i % 5).image().pixels());
                if (i % 5 == 0) {
                    ofTheFirst.add(String.valueOf(all.caption(i)));
                }
            }
            assertThat(ofTheFirst.stream().distinct().count()).isGreaterThan(3);
        }
    }

    @Test
    void what_cannot_learn_is_said_in_one_line() {
        refused(r -> dreambooth(r, d -> d.identifier = null), "dreambooth.identifier names no word that could learn");
        refused(r -> dreambooth(r, d -> d.prompt = "a photo of a thing"), "does not hold the word 'zog'");
        refused(r -> dreambooth(r, d -> d.prompt = "a photo of a Zog"), "does not hold the word 'zog'");
        refused(
                r -> dreambooth(r, d -> {
                    d.ownCaptions = false;
                    d.prompt = "a photo of a ca";
                    d.identifier = "ca";
                }),
                "'ca' cannot be learnt as a new word, because it is a token of the text encoder already");
        refused(
                r -> {
                    r.lora = null;
                    r.training.groups = Map.of("text_encoder", ParameterGroup.DEFAULT);
                },
                "training.groups lets all of text_encoder learn");
    }

    private void refused(Consumer<Recipe.Draft> edit, String... words) {
        ZogRuns.assertRefused(recipe(edit), folder.resolve("refused"), words);
    }
}
