// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.checkpoint.Safetensors;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.tensor.TensorScope;
import dev.diffusion4j.tensor.Tensors;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files whose tensors make no whole change are refused by name; what the forms draw is in TextLoraGoldenTest. */
class LoraFormTest {
    @TempDir
    Path folder;

    private void refused(Map<String, long[]> shapes, String... words) {
        Path file = folder.resolve("bad.safetensors");
        TensorScope.run(() -> {
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            shapes.forEach((name, shape) -> {
                int count = 1;
                for (long size : shape) {
                    count *= (int) size;
                }
                tensors.put("lora_unet_a." + name, Tensors.of(new float[count], shape));
            });
            Safetensors.write(file, tensors, Map.of());
        });
        assertThatThrownBy(() -> LoraAdapter.read(file).close())
                .isInstanceOf(Problem.class)
                .hasMessageContainingAll(words)
                .hasMessageContaining("bad.safetensors");
    }

    @Test
    void what_is_not_whole_or_of_another_kind_is_refused_by_name() {
        long[] wide = {2, 8};
        long[] high = {8, 2};
        refused(Map.of("hada_w1_a", high, "hada_w1_b", wide, "hada_w2_a", high), "lora_unet_a has no tensor hada_w2_b");
        refused(
                Map.of("hada_w1_a", high, "hada_w1_b", wide, "hada_w2_a", high, "hada_w2_b", new long[] {3, 8}),
                "do not fit each other",
                "hada_w2_b (3, 8)");
        refused(Map.of("lokr_w1", new long[] {2, 2}, "lokr_w2_a", high), "do not fit each other", "lokr_w2_a (8, 2)");
        refused(
                Map.of("lokr_w1", new long[] {2, 2}, "lokr_w2", high, "lora_up.weight", high),
                "lora_up beside the tensors of another kind of adapter");
        refused(
                Map.of("lora_up.weight", high, "lora_down.weight", wide, "diff_b", new long[] {8}),
                "1 tensors that are no part of a LoRA, DoRA, LoHa or LoKr (lora_unet_a.diff_b)");
        refused(
                Map.of(
                        "lora_up.weight",
                        new long[] {8, 2, 1, 1},
                        "lora_down.weight",
                        new long[] {2, 8, 1, 1},
                        "lora_mid.weight",
                        new long[] {3, 2, 3, 3}),
                "do not fit each other",
                "lora_mid (3, 2, 3, 3)");
    }

    @Test
    void a_config_that_promises_a_dora_without_its_lengths_is_refused() throws IOException {
        Path from = Golden.path("lora/a");
        Files.copy(from.resolve("adapter_model.safetensors"), folder.resolve("adapter_model.safetensors"));
        Map<String, Object> config = new LinkedHashMap<>(Json.readObject(from.resolve("adapter_config.json")));
        config.put("use_dora", true);
        Files.writeString(folder.resolve("adapter_config.json"), Json.pretty(config));
        assertThatThrownBy(() -> LoraAdapter.read(folder).close())
                .isInstanceOf(Problem.class)
                .hasMessageContainingAll("use_dora is true", "no lora_magnitude_vector for");
    }

    @Test
    void names_say_their_layer_and_part_in_every_spelling() {
        Map<String, String> names = Map.of(
                "base_model.model.a.to_q.lora_magnitude_vector", "a.to_q MAGNITUDE",
                "unet.a.to_q.lora_magnitude_vector.weight", "unet.a.to_q MAGNITUDE",
                "unet.a.to_q.lora.alpha", "unet.a.to_q ALPHA",
                "unet.a.attn1.processor.to_out_lora.up.weight", "unet.a.attn1.to_out.0 UP",
                "text_encoder.a.self_attn.to_out_lora.down.weight", "text_encoder.a.self_attn.out_proj DOWN",
                "text_encoder.a.self_attn.q_proj.lora_linear_layer.up.weight", "text_encoder.a.self_attn.q_proj UP",
                "lora_te1_a.lokr_w2_a", "lora_te1_a LOKR_W2_A");
        names.forEach((name, wanted) -> {
            LoraName.Tensor tensor = LoraName.parse(name).orElseThrow();
            assertThat(tensor.name().text() + " " + tensor.part()).as(name).isEqualTo(wanted);
        });
    }
}
