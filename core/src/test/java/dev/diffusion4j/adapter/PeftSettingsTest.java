// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.testing.Golden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An adapter is drawn as peft draws it, or refused by the setting that it would be drawn wrong for; see oracle/golden_lora.py. */
class PeftSettingsTest {
    @TempDir
    Path folder;

    /** Adapter {@code a} with another value in its config. */
    private Path changed(String key, Object value) throws IOException {
        Path from = Golden.path("lora/a");
        Path weights = folder.resolve("adapter_model.safetensors");
        if (!Files.exists(weights)) {
            Files.copy(from.resolve("adapter_model.safetensors"), weights);
        }
        Map<String, Object> config = new LinkedHashMap<>(Json.readObject(from.resolve("adapter_config.json")));
        config.put(key, value);
        Files.writeString(folder.resolve("adapter_config.json"), Json.pretty(config));
        return folder;
    }

    private void refused(String key, Object value) throws IOException {
        Path path = changed(key, value);
        assertThatThrownBy(() -> LoraAdapter.read(path).close())
                .as(key)
                .isInstanceOf(Problem.class)
                .hasMessageContainingAll("adapter_config.json: " + key + " is ");
    }

    @Test
    void pefts_defaults_are_read() {
        try (Golden golden = Golden.open("lora/expected")) {
            Map<String, Object> defaults = golden.json("defaults");
            assertThat(defaults).containsKeys("init_lora_weights", "velora_config", "ensure_weight_tying");
            assertThatCode(() -> PeftSettings.check(defaults, "defaults")).doesNotThrowAnyException();
        }
    }

    @Test
    void the_defaults_of_pefts_loha_and_lokr_are_read_and_its_other_kinds_are_named() throws IOException {
        try (Golden golden = Golden.open("lora/lycoris")) {
            Map<String, Object> defaults = golden.json("defaults");
            assertThat(defaults).containsOnlyKeys("LOHA", "LOKR");
            defaults.forEach((kind, config) -> assertThatCode(() -> PeftSettings.check(Json.object(config), kind))
                    .doesNotThrowAnyException());
        }
        Path path = changed("peft_type", "OFT");
        assertThatThrownBy(() -> LoraAdapter.read(path).close())
                .hasMessageEndingWith("peft_type is OFT, but only LORA, LOHA and LOKR adapters can be applied");
    }

    @Test
    void a_way_to_begin_is_read_where_peft_draws_the_plain_sum_and_else_refused_by_name() throws IOException {
        try (Golden golden = Golden.open("lora/expected")) {
            for (Object entry : (List<?>) golden.json("starts").get("list")) {
                List<?> start = (List<?>) entry;
                if (Boolean.TRUE.equals(start.get(1))) {
                    LoraAdapter.read(changed("init_lora_weights", start.get(0))).close();
                } else {
                    refused("init_lora_weights", start.get(0));
                }
            }
        }
        for (String start : List.of("corda", "loftq", "lora_ga", "a way of tomorrow")) {
            refused("init_lora_weights", start);
        }
    }

    /** peft draws without a layer that the config leaves out, though the file holds its tensors. */
    @Test
    void a_layer_that_the_config_leaves_out_is_refused() throws IOException {
        try (Golden golden = Golden.open("lora/expected")) {
            for (Map.Entry<String, Object> entry : golden.json("left_out").entrySet()) {
                List<?> choice = (List<?>) entry.getValue();
                assertThat(choice.get(1)).isEqualTo(false);
                refused(entry.getKey(), choice.get(0));
            }
        }
        LoraAdapter.read(changed("target_modules", "all-linear")).close();
        LoraAdapter.read(changed("target_modules", ".*(to_|conv).*")).close();
        LoraAdapter.read(changed("exclude_modules", List.of("to_k"))).close();
        refused("exclude_modules", ".*to_q");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "alora_invocation_tokens | [1, 2]",
                "arrow_config            | {'top_k': 3}",
                "bias                    | 'lora_only'",
                "ensure_weight_tying     | true",
                "fan_in_fan_out          | true",
                "kasa_config             | {'beta': 1e-4}",
                "layer_replication       | [[0, 2]]",
                "lora_bias               | true",
                "megatron_config         | {'a': 1}",
                "modules_to_save         | ['conv_out']",
                "monteclora_config       | {'num_samples': 4}",
                "peft_type               | 'OFT'",
                "peft_type               | 'BOFT'",
                "peft_type               | 'VERA'",
                "peft_type               | 'IA3'",
                "init_weights            | 'lycoris'",
                "target_parameters       | ['weight']",
                "trainable_token_indices | [0]",
                "use_bdlora              | {'nblocks': 2}",
                "use_dora                | true",
                "use_qalora              | true",
                "use_rslora              | 'yes'",
                "velora_config           | {'num_groups': 2}",
                "a_setting_of_tomorrow   | 3",
            })
    void a_setting_that_a_plain_lora_does_not_have_is_refused_by_name(String key, String value) throws IOException {
        refused(key, Json.parse(value.replace('\'', '"'), key));
    }

    @Test
    void a_setting_that_is_not_known_but_off_is_read() throws IOException {
        for (Object off : new Object[] {null, false, List.of(), Map.of()}) {
            LoraAdapter.read(changed("a_setting_of_tomorrow", off)).close();
        }
    }
}
