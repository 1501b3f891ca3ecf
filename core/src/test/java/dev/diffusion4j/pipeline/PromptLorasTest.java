// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraShelf;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.checkpoint.WeightFiles;
import dev.diffusion4j.checkpoint.WeightSource;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.pipeline.request.NoiseMode;
import dev.diffusion4j.pipeline.request.RequestDraft;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import dev.diffusion4j.text.PromptSyntax;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adapters that prompts ask for by name: each picture is drawn with its own, as if they were merged. */
class PromptLorasTest {
    private static final Path DIR = Golden.path("text_lora");

    @TempDir
    Path folder;

    private static GenerationRequest request(Consumer<RequestDraft> edit) {
        return GenerationRequest.of(r -> edit.accept(r.seed(5)
                .steps(3)
                .guidanceScale(4)
                .promptSyntax(PromptSyntax.A1111)
                .loraDir(DIR.toString())));
    }

    private static float[] draw(DiffusionPipeline from, GenerationRequest request) {
        try (GenerationResult result = from.generate(request)) {
            return Tensors.floats(result.samples());
        }
    }

    private static float[] drawMerged(String prompt, LoraChoice... loras) {
        LoadOptions options = LoadOptions.DEFAULT.withLoras(List.of(loras));
        try (DiffusionPipeline merged = DiffusionPipeline.load(Golden.path("tiny-sd"), options)) {
            return draw(merged, request(r -> r.prompt(prompt)));
        }
    }

    private static LoraChoice choice(String name, double scale, double textScale) {
        return new LoraChoice(DIR.resolve(name + ".safetensors"), scale, textScale);
    }

    private static DiffusionPipeline load() {
        return DiffusionPipeline.load(Golden.path("tiny-sd"));
    }

    private static float[] picture(float[] all, int index, int count) {
        int size = all.length / count;
        return Arrays.copyOfRange(all, index * size, (index + 1) * size);
    }

    @Test
    void a_tag_draws_what_the_merged_file_draws_with_a_scale_for_each_kind_of_network() {
        try (DiffusionPipeline pipeline = load()) {
            assertClose(
                    "one scale",
                    draw(pipeline, request(r -> r.prompt("a red <lora:sd-kohya:0.7>cat"))),
                    drawMerged("a red cat", choice("sd-kohya", 0.7, 0.7)),
                    1e-3);
            assertClose(
                    "two adapters, two scales",
                    draw(
                            pipeline,
                            request(r -> r.prompt("a red cat<lyco:sd-lokr:0:0.8> <lora:sd-dora:te=1.1:unet=0.4>"))),
                    drawMerged("a red cat ", choice("sd-lokr", 0.8, 0), choice("sd-dora", 0.4, 1.1)),
                    1e-3);
        }
    }

    @Test
    void each_picture_of_a_call_is_drawn_with_its_own_and_the_base_stays_to_the_last_bit() {
        List<String> prompts =
                List.of("a cat", "a cat <lora:sd-kohya:1>", "a dog <lora:sd-kohya:1>", "a cat <lora:sd-lokr>", "a cat");
        try (DiffusionPipeline pipeline = load()) {
            float[] plain = draw(pipeline, request(r -> r.prompt("a cat")));
            GenerationRequest all = request(r -> r.prompts(prompts));
            assertThat(all.batches()).isEqualTo(4);
            float[] drawn = draw(pipeline, all);
            for (int i = 0; i < prompts.size(); i++) {
                assertThat(picture(drawn, i, prompts.size()))
                        .as(prompts.get(i))
                        .usingComparatorWithPrecision(1e-5f)
                        .containsExactly(draw(pipeline, all.only(i)));
            }
            assertThat(draw(pipeline, request(r -> r.prompt("a cat")))).isEqualTo(plain);
        }
    }

    @Test
    void calls_with_different_adapters_at_the_same_time_draw_what_they_draw_alone() {
        GenerationRequest one = request(r -> r.prompt("a cat <lora:sd-kohya:1>"));
        GenerationRequest two = request(r -> r.prompt("a cat <lora:sd-dora:0.6>"));
        try (DiffusionPipeline pipeline = load()) {
            float[] first = draw(pipeline, one);
            float[] second = draw(pipeline, two);
            for (int i = 0; i < 3; i++) {
                CompletableFuture<float[]> beside = CompletableFuture.supplyAsync(() -> draw(pipeline, one));
                assertThat(draw(pipeline, two)).isEqualTo(second);
                assertThat(beside.join()).isEqualTo(first);
            }
        }
    }

    @Test
    void more_sets_of_adapters_than_are_kept_draw_the_same_when_they_come_back() {
        try (DiffusionPipeline pipeline = load()) {
            float[] first = draw(
                    pipeline, request(r -> r.prompt("a cat <lora:sd-kohya:0.1>").steps(1)));
            for (int i = 1; i < 12; i++) {
                double scale = 0.1 * i;
                draw(pipeline, request(r -> r.prompt("a cat <lora:sd-kohya:" + scale + ">")
                        .steps(1)));
            }
            assertThat(draw(pipeline, request(r -> r.prompt("a cat <lora:sd-kohya:0.1>")
                            .steps(1))))
                    .isEqualTo(first);
        }
    }

    @Test
    void adapters_of_a_view_count_beside_those_of_the_prompt() {
        LoraChoice dora = choice("sd-dora", 0.6, 0.6);
        try (DiffusionPipeline pipeline = load();
                LoraAdapter adapter = LoraAdapter.read(dora.path());
                LoraView view = pipeline.fit(List.of(new LoraView.Use(adapter, 0.6)))) {
            assertClose(
                    "both",
                    draw(pipeline.withAdapters(view), request(r -> r.prompt("a cat<lora:sd-kohya>"))),
                    drawMerged("a cat", dora, choice("sd-kohya", 1, 1)),
                    1e-3);
        }
    }

    @Test
    void how_much_of_each_file_counts_is_known_before_anything_is_drawn() {
        GenerationRequest asked = request(r -> r.prompts(List.of("a <lora:sd-old:1>", "b <lora:sd-old:0.2>")));
        try (DiffusionPipeline pipeline = load()) {
            assertThat(pipeline.lorasApplied(asked))
                    .extracting(LoraApplied::text)
                    .containsExactly(DIR.resolve("sd-old.safetensors") + ": applied 6 of 6 keys");
            assertThatThrownBy(() -> pipeline.check(request(r -> r.prompt("a <lora:xl-kohya:1>"))))
                    .isInstanceOf(Problem.class)
                    .hasMessageContainingAll("xl-kohya.safetensors", "made for another model");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "a <lora:sd-kohia:1>; holds no adapter 'sd-kohia'; did you mean sd-kohya",
                "a <lora:nothing-like-it-at-all:1>; holds no adapter 'nothing-like-it-at-all'; it holds sd-diffusers"
            })
    void an_unknown_name_is_one_line_with_those_that_are_near(String prompt, String first, String second) {
        try (DiffusionPipeline pipeline = load()) {
            assertThatThrownBy(() -> pipeline.check(request(r -> r.prompt(prompt))))
                    .isInstanceOf(Problem.class)
                    .hasMessageContainingAll(first, second)
                    .hasMessageNotContaining("\n");
        }
    }

    @Test
    void what_cannot_be_asked_for_is_one_line() {
        try (DiffusionPipeline pipeline = load()) {
            refused(
                    pipeline,
                    r -> r.prompt("a <lora:x:1>").loraDir(null),
                    "prompt asks for the adapter 'x'",
                    "loraDir");
            refused(pipeline, r -> r.prompt("a").negativePrompt("b <lora:x:1>"), "negativePrompt asks", "into prompt");
            refused(
                    pipeline,
                    r -> r.prompts(List.of("a <lora:sd-old:1>", "b")).noise(NoiseMode.SHARED),
                    "noise shared draws all pictures together");
            refused(pipeline, r -> r.prompt("a <lora:x:1>").loraDir(DIR + "-x"), "there is no folder");
        }
        assertThatThrownBy(() -> request(r -> r.prompt("a").promptSyntax(PromptSyntax.PLAIN)))
                .hasMessageContaining("words in promptSyntax plain: choose a1111 or comfy");
    }

    @Test
    void what_is_not_read_depends_on_the_syntax() {
        String text = "a cat, ".repeat(40) + "<lora:sd-old:1>";
        try (DiffusionPipeline pipeline = load()) {
            assertThat(pipeline.unread(request(r -> r.prompt(text)))).isEmpty();
            assertThat(pipeline.unread(GenerationRequest.of(r -> r.prompt(text))))
                    .hasSize(2)
                    .first()
                    .asString()
                    .contains("<lora:…> is words");
        }
    }

    private static void refused(DiffusionPipeline pipeline, Consumer<RequestDraft> edit, String... words) {
        assertThatThrownBy(() -> pipeline.check(request(edit)))
                .isInstanceOf(Problem.class)
                .hasMessageContainingAll(words);
    }

    @Test
    void a_name_is_a_stem_a_path_a_saved_folder_or_what_kohya_noted() throws IOException {
        Path lora = DIR.resolve("sd-old.safetensors");
        for (String place :
                List.of("a/style.safetensors", "b/style.pt", "deep/er/one.ckpt", "mine/adapter_model.safetensors")) {
            Files.createDirectories(folder.resolve(place).getParent());
            Files.copy(lora, folder.resolve(place));
        }
        Files.writeString(folder.resolve("a/readme.txt"), "not an adapter");
        TensorScope.run(() -> {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            try (WeightSource source = WeightFiles.openFile(lora)) {
                source.tensors().keySet().forEach(name -> tensors.put(name, source.read(name)));
            }
            Safetensors.write(folder.resolve("v2-final.safetensors"), tensors, Map.of("ss_output_name", "My Style"));
        });
        LoraShelf shelf = LoraShelf.of(folder);
        assertThat(shelf.find("one")).isEqualTo(folder.resolve("deep/er/one.ckpt"));
        assertThat(shelf.find("mine")).isEqualTo(folder.resolve("mine"));
        assertThat(shelf.find("b/style")).isEqualTo(folder.resolve("b/style.pt"));
        assertThat(shelf.find("My Style")).isEqualTo(folder.resolve("v2-final.safetensors"));
        assertThatThrownBy(() -> shelf.find("style"))
                .hasMessageContainingAll("2 adapters 'style'", "<lora:a/style:1> or <lora:b/style:1>");
    }

    @Test
    void a_bare_name_is_the_file_in_the_folder_itself_and_safetensors_come_before_other_suffixes() throws IOException {
        Files.createDirectories(folder.resolve("sub"));
        for (String place : List.of("b.safetensors", "sub/b.safetensors", "a.ckpt", "a.pt", "a.safetensors")) {
            Files.createFile(folder.resolve(place));
        }
        LoraShelf shelf = LoraShelf.of(folder);
        assertThat(shelf.find("b")).isEqualTo(folder.resolve("b.safetensors"));
        assertThat(shelf.find("sub/b")).isEqualTo(folder.resolve("sub/b.safetensors"));
        assertThat(shelf.find("a")).isEqualTo(folder.resolve("a.safetensors"));
    }
}
