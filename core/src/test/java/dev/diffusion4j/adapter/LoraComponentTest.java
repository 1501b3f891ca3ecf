// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import static dev.diffusion4j.testing.Golden.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelKind;
import dev.diffusion4j.model.clip.ClipModel;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One file with products for several parts of a pipeline: each finds its part, and what finds none is counted. */
class LoraComponentTest {
    private static final String LAYER = "mid_block.attentions.0.to_q";
    private static final String WORDS = "text_model.encoder.layers.0.self_attn.q_proj";

    @TempDir
    Path folder;

    private static Model unet() {
        Model model = ModelKind.UNET_2D.create(Map.of(
                "layers_per_block",
                1L,
                "block_out_channels",
                List.of(8L, 8L),
                "norm_num_groups",
                4L,
                "down_block_types",
                List.of("DownBlock2D", "DownBlock2D"),
                "up_block_types",
                List.of("UpBlock2D", "UpBlock2D")));
        try (RandomStream random = new RandomStream(1)) {
            model.initialize(random);
        }
        return model;
    }

    private static Model clip() {
        Model model = ClipModel.fromConfig(Json.readObject(Golden.path("clip/quick/config.json")));
        try (RandomStream random = new RandomStream(1)) {
            model.initialize(random);
        }
        return model;
    }

    private static Tensor weight(Model model, String layer) {
        return java.util.Objects.requireNonNull(model.stateDict().get(layer + ".weight"));
    }

    private Path write(Map<String, Tensor> tensors, Map<String, String> notes) {
        Path file = folder.resolve("pytorch_lora_weights.safetensors");
        Safetensors.write(file, tensors, notes);
        return file;
    }

    private static void add(Map<String, Tensor> tensors, String name, Model model, String layer, RandomStream random) {
        Tensor weight = weight(model, layer);
        tensors.put(String.format(name, "down", "A"), random.randn(2, weight.size(1)));
        tensors.put(String.format(name, "up", "B"), random.randn(weight.size(0), 2));
    }

    /** The scale of each part is its own: diffusers writes both configs into one note, under the parts' names. */
    @Test
    void diffusers_and_kohyas_names_reach_the_denoiser_and_the_text_encoder_with_their_own_scales() {
        String note = "{\"unet.r\": 2, \"unet.lora_alpha\": 6, \"text_encoder.r\": 2, \"text_encoder.lora_alpha\": 1}";
        Map<String, Tensor> alphas = Map.of(
                "lora_unet_" + LAYER.replace('.', '_') + ".alpha",
                Tensors.of(new float[] {6}),
                "lora_te_" + WORDS.replace('.', '_') + ".alpha",
                Tensors.of(new float[] {1}));
        check("unet." + LAYER + ".lora_%2$s.weight", "text_encoder." + WORDS + ".lora_%2$s.weight", Map.of(), note);
        check(
                "lora_unet_" + LAYER.replace('.', '_') + ".lora_%1$s.weight",
                "lora_te_" + WORDS.replace('.', '_') + ".lora_%1$s.weight",
                alphas,
                "{}");
    }

    private void check(String unetName, String wordsName, Map<String, Tensor> alphas, String note) {
        TensorScope.run(() -> {
            try (Model unet = unet();
                    Model clip = clip();
                    RandomStream random = new RandomStream(2)) {
                Map<String, Tensor> tensors = new LinkedHashMap<>(alphas);
                add(tensors, unetName, unet, LAYER, random);
                add(tensors, wordsName, clip, WORDS, random);
                Path file = write(tensors, Map.of("lora_adapter_metadata", note));
                Tensor unetBefore = weight(unet, LAYER).clone();
                Tensor wordsBefore = weight(clip, WORDS).clone();
                try (LoraAdapter adapter = LoraAdapter.read(file)) {
                    Map<LoraComponent, Model> both = Map.of(LoraComponent.TEXT_ENCODER, clip, LoraComponent.UNET, unet);
                    LoraApplied applied = adapter.mergeInto(both, 1);
                    assertThat(applied.text())
                            .endsWith("applied " + tensors.size() + " of " + tensors.size() + " keys");
                    checkAdded(weight(unet, LAYER), unetBefore, tensors, unetName, 3);
                    checkAdded(weight(clip, WORDS), wordsBefore, tensors, wordsName, 0.5);
                    int half = tensors.size() / 2;
                    assertThat(adapter.mergeInto(unet, -1).text())
                            .endsWith("applied " + half + " of " + tensors.size() + " keys; not applied: " + half
                                    + " of text_encoder, which this model does not have");
                    assertClose("taken out again", weight(unet, LAYER), unetBefore, 1e-5);
                }
            }
        });
    }

    private static void checkAdded(
            Tensor weight, Tensor before, Map<String, Tensor> tensors, String name, double scale) {
        Tensor down = java.util.Objects.requireNonNull(tensors.get(String.format(name, "down", "A")));
        Tensor up = java.util.Objects.requireNonNull(tensors.get(String.format(name, "up", "B")));
        assertClose(name, weight, before.add(up.mm(down).mul(new Scalar(scale))), 1e-5);
    }

    @Test
    void a_file_of_which_nothing_is_for_the_model_is_an_error_that_shows_its_names() {
        TensorScope.run(() -> {
            try (Model unet = unet();
                    Model clip = clip();
                    RandomStream random = new RandomStream(2)) {
                Map<String, Tensor> tensors = new LinkedHashMap<>();
                add(tensors, "text_encoder." + WORDS + ".lora_%2$s.weight", clip, WORDS, random);
                add(tensors, "lora_te2_" + WORDS.replace('.', '_') + ".lora_%1$s.weight", clip, WORDS, random);
                try (LoraAdapter adapter = LoraAdapter.read(write(tensors, Map.of()))) {
                    assertThatThrownBy(() -> adapter.mergeInto(unet, 1))
                            .isInstanceOf(Problem.class)
                            .hasMessageContainingAll(
                                    "applied none of its 4 keys: they are of text_encoder, text_encoder_2 (",
                                    "text_encoder." + WORDS,
                                    "lora_te2_");
                }
            }
        });
    }

    @Test
    void two_adapters_in_one_file_are_refused_rather_than_one_of_them_dropped() {
        TensorScope.run(() -> {
            try (Model unet = unet();
                    RandomStream random = new RandomStream(2)) {
                Map<String, Tensor> tensors = new LinkedHashMap<>();
                add(tensors, LAYER + ".lora_%2$s.one.weight", unet, LAYER, random);
                add(tensors, LAYER + ".lora_%2$s.two.weight", unet, LAYER, random);
                Path file = write(tensors, Map.of());
                assertThatThrownBy(() -> LoraAdapter.read(file).close())
                        .isInstanceOf(Problem.class)
                        .hasMessageContainingAll("holds one tensor twice", "give each adapter a file");
            }
        });
    }

    /** A setting that changes the base is refused in diffusers' note as it is in peft's file, whichever part it is for. */
    @Test
    void a_note_with_another_kind_of_adapter_is_refused() {
        TensorScope.run(() -> {
            try (Model unet = unet();
                    RandomStream random = new RandomStream(2)) {
                Map<String, Tensor> tensors = new LinkedHashMap<>();
                add(tensors, "unet." + LAYER + ".lora_%2$s.weight", unet, LAYER, random);
                Path file = write(tensors, Map.of("lora_adapter_metadata", "{\"unet.init_lora_weights\": \"olora\"}"));
                assertThatThrownBy(() -> LoraAdapter.read(file).close())
                        .isInstanceOf(Problem.class)
                        .hasMessageContaining("init_lora_weights is olora");
            }
        });
    }
}
