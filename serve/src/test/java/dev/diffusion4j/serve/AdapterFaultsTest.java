// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An adapter that is of no use is the caller's fault, said in OpenAI's form and without the places of files. */
@Timeout(60)
class AdapterFaultsTest {
    private static final Path LORAS = Tiny.GOLDEN.resolve("text_lora");
    private static final String WEBUI = "{\"prompt\":\"a cat <lora:%s:0.7>\",\"steps\":2}";
    private static final String JOB =
            "{\"loras\":[\"%s\"],\"request\":{\"subject\":{\"prompts\":[\"a\"]},\"sampling\":{\"steps\":2}}}";

    @TempDir
    static Path folder;

    private static DiffusionServer server;
    private static Client client;

    @BeforeAll
    static void start() throws IOException {
        for (String name : new String[] {"sd-kohya.safetensors", "xl-kohya.safetensors"}) {
            Files.copy(LORAS.resolve(name), folder.resolve(name));
        }
        Files.writeString(folder.resolve("broken.safetensors"), "no such file");
        Files.copy(Tiny.GOLDEN.resolve("noise.safetensors"), folder.resolve("numbers.safetensors"));
        server = Tiny.server(c -> c.loraDir = folder);
        client = Client.of(server);
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    private static String with(String name, int count) {
        return Tiny.SMALL.replace(
                "}", ",\"loras\":[" + String.join(",", Collections.nCopies(count, "\"" + name + "\"")) + "]}");
    }

    @ParameterizedTest
    @CsvSource({
        "xl-kohya, lora_not_usable",
        "broken, lora_not_usable",
        "numbers, lora_not_usable",
        "none, lora_not_found"
    })
    void one_that_is_missing_or_of_another_model_is_refused_before_any_work(String name, String code) {
        for (HttpResponse<byte[]> response : List.of(
                client.post(Tiny.GENERATIONS, with(name, 1)),
                client.post("/sdapi/v1/txt2img", WEBUI.formatted(name)),
                client.post("/api/v1/jobs", JOB.formatted(name)))) {
            assertThat(response.statusCode())
                    .as(new String(response.body(), StandardCharsets.UTF_8))
                    .isEqualTo(422);
            assertThat(Client.error(response))
                    .containsEntry("code", code)
                    .containsEntry("type", "invalid_request_error");
            assertThat(new String(response.body(), StandardCharsets.UTF_8))
                    .contains("adapter '" + name + "'")
                    .doesNotContain(folder.toString());
        }
        assertThat(server.service().jobs()).isEmpty();
    }

    @Test
    void one_that_is_put_into_the_folder_while_the_server_runs_can_be_named() throws IOException {
        assertThat(client.post(Tiny.GENERATIONS, with("late", 1)).statusCode()).isEqualTo(422);
        Files.copy(LORAS.resolve("sd-diffusers.safetensors"), folder.resolve("late.safetensors"));
        assertThat(client.post(Tiny.GENERATIONS, with("late", 1)).statusCode()).isEqualTo(200);
        assertThat(client.post("/sdapi/v1/txt2img", WEBUI.formatted("late")).statusCode())
                .isEqualTo(200);
        assertThat(new String(client.get("/sdapi/v1/loras").body(), StandardCharsets.UTF_8))
                .contains("\"late\"");
    }

    @Test
    void an_edit_is_drawn_with_those_that_its_form_names() {
        byte[] start = Client.file(Client.picture(client.post(Tiny.GENERATIONS, Tiny.SMALL), 0));
        Map<String, String> texts = new HashMap<>(Map.of("prompt", "a dog", "steps", "4", "seed", "1"));
        int[] plain = edited(start, texts);
        texts.put("loras[]", "sd-kohya:0.7");
        assertThat(edited(start, texts)).isNotEqualTo(plain);
    }

    private static int[] edited(byte[] start, Map<String, String> texts) {
        return Client.pixels(
                Client.file(Client.picture(client.form("/v1/images/edits", Map.of("image", start), texts), 0)));
    }

    @Test
    void a_request_names_twenty_at_most() {
        assertThat(client.post(Tiny.GENERATIONS, with("sd-kohya:0.01", 20)).statusCode())
                .isEqualTo(200);
        HttpResponse<byte[]> response = client.post(Tiny.GENERATIONS, with("sd-kohya:0.01", 21));
        assertThat(response.statusCode()).isEqualTo(422);
        assertThat(Client.error(response))
                .containsEntry("code", "limit_exceeded")
                .containsEntry("param", "loras");
    }
}
