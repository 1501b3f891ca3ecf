// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.diffusion4j.adapter.LoraChoice;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import dev.diffusion4j.text.PromptSyntax;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

    private static final ServerExtension MINE = new ServerExtension() {
        @Override
        public Optional<Path> lora(String name) {
            return switch (name) {
                case "mine" -> Optional.of(KOHYA);
                case "old" -> Optional.of(OLD);
                default -> Optional.empty();
            };
        }
    };

    @Test
    void a_prompt_asks_for_those_of_the_extension_as_requests_do() {
        Adapters adapters = new Adapters(null, MINE);
        assertThat(adapters.read(Fields.ofJson("{\"loras\":[\"mine\"]}"))).containsExactly(new LoraChoice(KOHYA, 1));
        List<String> prompts = List.of("a <lora:mine:0.5:0.25>cat", "a dog<lora:mine:0.5:0.25>");
        Adapters.Asked asked = adapters.asked(PromptSyntax.A1111, prompts);
        assertThat(asked.prompts()).containsExactly("a cat", "a dog");
        assertThat(asked.loras()).containsExactly(new LoraChoice(KOHYA, 0.25, 0.5));
        assertThat(adapters.asked(PromptSyntax.PLAIN, prompts).prompts()).isEqualTo(prompts);
        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(() -> adapters.asked(PromptSyntax.A1111, List.of("a <lora:mine:1>", "a <lora:old:1>")))
                .satisfies(refusal -> assertThat(refusal.status()).isEqualTo(422))
                .withMessageContaining("must all ask for the same adapters");
        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(() -> adapters.asked(PromptSyntax.A1111, List.of("a <lora:other:1>")))
                .withMessage("this server has no adapters: omit 'other'");
    }

    @Test
    void a_picture_is_the_same_whoever_knows_the_adapter() {
        ServerConfig config = ServerConfig.DEFAULT.with(c -> {
            c.port = 0;
            c.loraDir = LORAS;
        });
        try (DiffusionServer server = DiffusionServer.start(
                Map.of("tiny", ServiceModel.at(Tiny.GOLDEN.resolve("tiny-sd"))), ServiceConfig.DEFAULT, config, MINE)) {
            Client client = Client.of(server);
            int[] plain = drawn(client, "a cat");
            int[] ofFolder = drawn(client, "a cat<lora:sd-kohya:0.7>");
            assertThat(ofFolder).isNotEqualTo(plain);
            assertThat(drawn(client, "a cat<lora:mine:0.7>")).isEqualTo(ofFolder);
            String job = "{\"previews\":0,\"request\":{\"subject\":{\"prompts\":[\"a cat<lora:mine:0.7>\"],"
                    + "\"prompt_syntax\":\"a1111\"},\"canvas\":{\"seed\":5},\"sampling\":{\"steps\":2}}}";
            Object id = Client.json(client.post("/api/v1/jobs", job)).get("id");
            client.get("/api/v1/jobs/" + id + "/events");
            assertThat(Client.pixels(
                            client.get("/api/v1/jobs/" + id + "/pictures/0").body()))
                    .isEqualTo(ofFolder);
        }
    }

    private static int[] drawn(Client client, String prompt) {
        HttpResponse<byte[]> answer =
                client.post("/sdapi/v1/txt2img", "{\"prompt\":\"" + prompt + "\",\"steps\":2,\"seed\":5}");
        List<?> images = (List<?>) Objects.requireNonNull(Client.json(answer).get("images"));
        return Client.pixels(Base64.getDecoder().decode(String.valueOf(images.get(0))));
    }
}
