// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.adapter.LoraAdapter;
import dev.diffusion4j.adapter.LoraApplied;
import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.adapter.LoraView;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.pipeline.request.GenerationRequest;
import dev.diffusion4j.scheduler.SchedulerKind;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** LoRAs in all spellings and forms on the tiny Stable Diffusion and XL, denoiser and text encoders: oracle/golden_text_lora.py. */
class TextLoraGoldenTest {
    /** f32 sums in another order, over some steps. */
    private static final double RELATIVE = 1e-3;

    private static final GenerationRequest REQUEST =
            GenerationRequest.of(r -> r.prompts(List.of("a photo of a red cat", "the blue dog on a hill, 2 houses"))
                    .seed(5)
                    .steps(3)
                    .guidanceScale(4));

    @TempDir
    Path folder;

    record Case(String name, String pipeline, SchedulerKind scheduler, List<LoraChoice> loras, List<Long> keys) {
        @Override
        public String toString() {
            return name;
        }

        @SuppressWarnings("unchecked")
        static Case of(Map<String, @Nullable Object> json) {
            List<LoraChoice> loras = ((List<?>) Objects.requireNonNull(json.get("uses")))
                    .stream()
                            .map(Json::object)
                            .map(use -> lora((String) use.get("file"), ((Number) use.get("scale")).doubleValue()))
                            .toList();
            SchedulerKind kind = json.get("scheduler").equals("lcm") ? SchedulerKind.LCM : SchedulerKind.DDIM;
            return new Case((String) json.get("name"), (String) json.get("pipeline"), kind, loras, (List<Long>)
                    json.get("keys"));
        }

        DiffusionPipeline load(List<LoraChoice> merged) {
            return DiffusionPipeline.load(Golden.path(pipeline), LoadOptions.DEFAULT.withLoras(merged));
        }

        DiffusionPipeline scheduled(DiffusionPipeline loaded) {
            Map<String, Object> config = new LinkedHashMap<>(Map.of(
                    "beta_start",
                    0.00085,
                    "beta_end",
                    0.012,
                    "beta_schedule",
                    "scaled_linear",
                    "num_train_timesteps",
                    1000L,
                    "set_alpha_to_one",
                    false,
                    "steps_offset",
                    1L));
            if (scheduler == SchedulerKind.DDIM) {
                config.put("clip_sample", false);
            }
            return loaded.withScheduler(scheduler.create(config));
        }
    }

    private static LoraChoice lora(String file, double scale) {
        return new LoraChoice(Golden.path("text_lora/" + file), scale);
    }

    static Stream<Case> cases() throws IOException {
        String text = Files.readString(Golden.path("text_lora.json"));
        List<?> cases = (List<?>) Objects.requireNonNull(
                Json.parseObject("{\"all\": " + text + "}", "text_lora.json").get("all"));
        return cases.stream().map(each -> Case.of(Json.object(each)));
    }

    private static float[] draw(DiffusionPipeline from) {
        try (GenerationResult result = from.generate(REQUEST)) {
            return Tensors.floats(result.samples());
        }
    }

    private static LoraView fit(DiffusionPipeline pipeline, List<LoraChoice> choices) {
        List<LoraView.Use> uses = new ArrayList<>();
        try {
            for (LoraChoice choice : choices) {
                uses.add(new LoraView.Use(LoraAdapter.read(choice.path()), choice.scale()));
            }
            return pipeline.fit(uses);
        } finally {
            uses.forEach(use -> use.adapter().close());
        }
    }

    private static float[] expected(String name) {
        try (Golden golden = Golden.open("text_lora")) {
            return TensorScope.compute(() -> golden.floats(name));
        }
    }

    private static void checkApplied(List<LoraApplied> applied, Case test) {
        assertThat(applied).hasSameSizeAs(test.keys);
        for (int i = 0; i < applied.size(); i++) {
            long keys = test.keys.get(i);
            assertThat(applied.get(i).text())
                    .endsWith(test.loras.get(i).path() + ": applied " + keys + " of " + keys + " keys");
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void in_the_weights_it_gives_the_latents_of_its_reference(Case test) {
        try (DiffusionPipeline loaded = test.load(test.loras)) {
            checkApplied(loaded.lorasApplied(), test);
            assertClose(test.name, draw(test.scheduled(loaded)), expected(test.name), RELATIVE);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void beside_the_weights_it_gives_the_same_and_the_base_stays_to_the_last_bit(Case test) {
        try (DiffusionPipeline loaded = test.load(List.of())) {
            DiffusionPipeline base = test.scheduled(loaded);
            float[] plain = draw(base);
            try (LoraView view = fit(base, test.loras)) {
                checkApplied(base.withAdapters(view).lorasApplied(), test);
                assertClose(test.name, draw(base.withAdapters(view)), expected(test.name), RELATIVE);
                assertThat(draw(base)).isEqualTo(plain);
            }
        }
    }

    @Test
    void two_views_with_other_text_encoders_draw_at_once() {
        Case test = new Case("two", "tiny-sd", SchedulerKind.DDIM, List.of(lora("sd-kohya.safetensors", 1)), List.of());
        try (DiffusionPipeline loaded = test.load(List.of())) {
            DiffusionPipeline base = test.scheduled(loaded);
            try (LoraView one = fit(base, test.loras);
                    LoraView two = fit(base, List.of(lora("sd-dora.safetensors", 0.6)))) {
                CompletableFuture<float[]> beside = CompletableFuture.supplyAsync(() -> draw(base.withAdapters(one)));
                assertClose("two", draw(base.withAdapters(two)), expected("sd-dora-weaker"), RELATIVE);
                assertClose("one", beside.join(), expected("sd-kohya"), RELATIVE);
            }
        }
    }

    @Test
    void adapters_of_all_kinds_are_applied_one_after_the_other_in_the_weights_and_beside_them() {
        List<LoraChoice> all = List.of(
                lora("sd-kohya.safetensors", 1),
                lora("sd-dora.safetensors", 0.6),
                lora("sd-loha.safetensors", -1.1),
                lora("sd-dora-scale.safetensors", 0.5),
                lora("sd-lokr.safetensors", 1));
        Case test = new Case("all", "tiny-sd", SchedulerKind.DDIM, all, List.of());
        try (DiffusionPipeline merged = test.load(all);
                DiffusionPipeline loaded = test.load(List.of());
                LoraView view = fit(loaded, all)) {
            float[] drawn = draw(test.scheduled(loaded.withAdapters(view)));
            assertClose("all", drawn, draw(test.scheduled(merged)), RELATIVE);
        }
    }

    @Test
    void a_lora_for_none_of_the_parts_is_an_error_that_shows_its_names() {
        Path file = folder.resolve("other.safetensors");
        TensorScope.run(() -> {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (String name : List.of("a", "b", "c", "d")) {
                tensors.put("lora_te2_" + name + ".lora_down.weight", Tensors.of(new float[8], 1, 8));
                tensors.put("lora_te2_" + name + ".lora_up.weight", Tensors.of(new float[8], 8, 1));
            }
            Safetensors.write(file, tensors, Map.of());
        });
        LoadOptions options = LoadOptions.DEFAULT.withLoras(List.of(new LoraChoice(file, 1)));
        assertThatThrownBy(() ->
                        DiffusionPipeline.load(Golden.path("tiny-sd"), options).close())
                .isInstanceOf(Problem.class)
                .hasMessage(file + ": applied none of its 8 keys: they are of text_encoder_2 (lora_te2_a, lora_te2_b,"
                        + " lora_te2_c and 1 more), which this model does not have");
    }

    /** The names of SD 1 are those of XL's layers in part, but they are of other shapes. */
    @Test
    void a_lora_of_another_base_is_one_line_that_names_the_shapes() {
        for (String file : List.of("sd-kohya.safetensors", "sd-lokr.safetensors")) {
            LoadOptions options = LoadOptions.DEFAULT.withLoras(List.of(lora(file, 1)));
            assertThatThrownBy(() -> DiffusionPipeline.load(Golden.path("tiny-xl"), options)
                            .close())
                    .isInstanceOf(Problem.class)
                    .hasMessageContainingAll(file, "another shape than this model's", "x", "made for another model")
                    .hasMessageNotContaining("\n");
        }
    }
}
