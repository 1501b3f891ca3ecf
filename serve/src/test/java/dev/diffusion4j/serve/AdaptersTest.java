// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.text.PromptSyntax;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adapters in all the ways in which clients write them. */
class AdaptersTest {
    private static final Path LORAS = Tiny.GOLDEN.resolve("text_lora");
    private static final Path KOHYA = LORAS.resolve("sd-kohya.safetensors");
    private static final Path OLD = LORAS.resolve("sd-old.safetensors");
    private static final Adapters ADAPTERS = new Adapters(LORAS, ServerExtension.NONE);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "loras           | [\"sd-kohya:0.5\", \"sd-old\"]",
                "loras           | {\"sd-kohya\": 0.5, \"sd-old\": 1}",
                "loras           | [{\"name\": \"sd-kohya\", \"scale\": 0.5}, {\"name\": \"sd-old\"}]",
                "loras           | sd-kohya:0.5, sd-old:1",
                "loras[]         | sd-kohya:0.5 ; sd-old",
                "loras           | sd-kohya:0.5 ; sd-old"
            })
    void a_form_has_them_as_json_as_texts_or_in_parts(String key, String texts) {
        Fields form = Fields.ofForm(Map.of(key, List.of(texts.split(" ; "))));
        assertThat(ADAPTERS.read(form)).containsExactly(new LoraChoice(KOHYA, 0.5), new LoraChoice(OLD, 1));
        assertThat(form.ignored()).isEmpty();
    }

    @Test
    void a_form_has_an_object_in_parts_that_are_called_by_its_keys() {
        Fields form = Fields.ofForm(Map.of("loras[sd-kohya]", List.of("0.5")));
        assertThat(ADAPTERS.read(form)).containsExactly(new LoraChoice(KOHYA, 0.5));
    }

    @ParameterizedTest
    @CsvSource({
        "loras[][name], sd-kohya",
        "loras[, sd-kohya",
        "loras[sd-kohya], much",
        "loras, [1",
        "loras, sd-kohya:much",
        "loras, sd-kohya:NaN"
    })
    void what_is_not_understood_is_refused_and_not_passed_over(String key, String text) {
        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(() -> ADAPTERS.read(Fields.ofForm(Map.of(key, List.of(text)))))
                .satisfies(refusal -> assertThat(refusal.status()).isEqualTo(400))
                .withMessageContaining("loras")
                .withMessageNotContaining("golden");
    }

    /** As notes write them. */
    @Test
    void one_may_count_otherwise_in_the_text_encoders() {
        Fields note = Fields.ofJson("{\"loras\":[\"sd-kohya:te=0.25:unet=0.5\"]}");
        assertThat(ADAPTERS.read(note)).containsExactly(new LoraChoice(KOHYA, 0.5, 0.25));
    }

    @Test
    void a_prompt_cannot_ask_for_one_that_the_folder_has_not() {
        Adapters adapters = new Adapters(null, new ServerExtension() {
            @Override
            public Optional<Path> lora(String name) {
                return name.equals("mine") ? Optional.of(KOHYA) : Optional.empty();
            }
        });
        assertThat(adapters.read(Fields.ofJson("{\"loras\":[\"mine\"]}"))).containsExactly(new LoraChoice(KOHYA, 1));
        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(() -> adapters.check(PromptSyntax.A1111, List.of("a <lora:mine:1>")))
                .withMessage("no prompt can ask for the adapter 'mine' here: name it in loras");
        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(() -> adapters.check(PromptSyntax.A1111, List.of("a <lora:other:1>")))
                .withMessage("this server has no adapters: omit 'other'");
    }
}
