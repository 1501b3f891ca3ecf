// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.folder;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.ModelFamilies;
import dev.diffusion4j.model.clip.ClipTextModel;
import dev.diffusion4j.model.clip.ClipTextStates;
import dev.diffusion4j.model.clip.ExtraTokens;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders of text encoders as transformers 4 and 5 write them, with the states that it computes: oracle/golden_text.py. */
class ClipTextFolderTest {
    private static final Path GOLDEN =
            Objects.requireNonNull(Golden.path("text/tokens.json").getParent());

    @TempDir
    Path temp;

    private static ClipTextModel load(Path folder, String name, String className) {
        Component component = new Component(name, "transformers", className, folder);
        return (ClipTextModel) new ComponentNetwork(component, ModelFamilies.BUILT_IN.named(className, "test"))
                .read(Devices.cpu(), Precision.F32, null);
    }

    private static void assertStates(ClipTextModel model, String place) {
        TensorScope.run(() -> {
            try (NoGradGuard guard = new NoGradGuard();
                    Golden golden = Golden.open("text/states")) {
                ClipTextStates states = model.forward(golden.tensor("ids"));
                assertThat(states.hidden()).hasSize(4);
                for (int i = 0; i < 4; i++) {
                    assertClose("state " + i, states.hidden().get(i), golden.tensor(place + ".hidden." + i), 1e-5);
                }
                assertClose("last", states.last(), golden.tensor(place + ".last"), 1e-5);
                Tensor projected = states.projected();
                if (projected == null) {
                    assertClose("pooled", states.pooled(), golden.tensor(place + ".pooled"), 1e-5);
                } else {
                    assertClose("projected", projected, golden.tensor(place + ".projected"), 1e-5);
                }
            }
        });
    }

    @ParameterizedTest
    @CsvSource({
        "sd1, text_encoder, CLIPTextModel",
        "sd2, text_encoder, CLIPTextModel",
        "xl, text_encoder, CLIPTextModel",
        "xl, text_encoder_2, CLIPTextModelWithProjection"
    })
    void states_equal_transformers_and_are_saved_under_the_old_names(String folder, String name, String className) {
        try (ClipTextModel model = load(GOLDEN.resolve(folder), name, className)) {
            assertStates(model, folder + "/" + name);
            ComponentWriter writer = new ComponentWriter(temp, ComponentMap.empty(temp), SaveOptions.DEFAULT);
            writer.write(name, model);
            writer.finish("StableDiffusionPipeline");
        }
        try (Safetensors saved = Safetensors.open(temp.resolve(name).resolve("model.safetensors"))) {
            assertThat(saved.tensors().keySet())
                    .allSatisfy(tensor -> assertThat(tensor).matches("text_model\\..*|text_projection\\.weight"));
        }
        Map<String, @Nullable Object> config =
                Json.readObject(temp.resolve(name).resolve("config.json"));
        assertThat(config)
                .containsEntry("architectures", List.of(className))
                .containsEntry("model_type", "clip_text_model")
                .containsEntry("torch_dtype", "float32")
                .doesNotContainKeys("_class_name", "dtype");
        Component again = ComponentMap.read(temp).find(name).orElseThrow();
        assertThat(again.library()).isEqualTo("transformers");
        try (ClipTextModel model = load(temp, name, again.className())) {
            assertStates(model, folder + "/" + name);
        }
    }

    @Test
    void an_extra_token_is_as_good_as_a_row_of_the_network_and_can_be_learnt() {
        try (ClipTextModel model = load(GOLDEN.resolve("sd1"), "text_encoder", "CLIPTextModel")) {
            TensorScope.run(() -> {
                long first = model.typedConfig().vocabSize();
                Tensor row = Objects.requireNonNull(
                                model.stateDict().get("text_model.embeddings.token_embedding.weight"))
                        .narrow(0, 7, 1)
                        .detach()
                        .clone()
                        .set_requires_grad(true);
                Tensor plain = Tensors.ofLongs(205, 3, 7, 9, 7, 206).view(1, 6);
                Tensor extra = Tensors.ofLongs(205, 3, first, 9, 7, 206).view(1, 6);
                Tensor last = model.forward(extra, new ExtraTokens(first, row)).last();
                assertClose("last", last.detach(), model.forward(plain).last().detach(), 1e-6);
                last.square().sum().backward();
                assertThat(row.grad().abs().sum().item_float()).isPositive();
            });
        }
    }

    @Test
    void what_would_change_the_numbers_is_refused_by_name() throws IOException {
        Path part = Files.createDirectories(temp.resolve("text_encoder"));
        for (String key :
                List.of("\"use_attention_mask\": true", "\"hidden_act\": \"relu\"", "\"num_attention_heads\": 3")) {
            Files.writeString(part.resolve("config.json"), "{" + key + "}");
            assertThatExceptionOfType(Problem.class)
                    .isThrownBy(() -> load(temp, "text_encoder", "CLIPTextModel"))
                    .withMessageContaining(key.substring(1, key.indexOf('"', 1)))
                    .satisfies(error -> assertThat(error.getMessage()).doesNotContain("\n"));
        }
    }
}
