// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.diffusion4j.image.PngFile;
import dev.diffusion4j.json.Json;
import dev.diffusion4j.service.ServiceConfig;
import dev.diffusion4j.service.ServiceModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What clients of A1111's webui call, over real HTTP. */
@Timeout(20)
class WebuiRoutesTest {
    private static final Path GOLDEN = Path.of("../core/src/test/resources/golden");
    private static final String TXT2IMG = "/sdapi/v1/txt2img";
    private static final String SMALL =
            "{\"prompt\":\"a (red:1.2) cat\",\"steps\":2,\"seed\":5,\"sampler_name\":\"Euler a\"";

    private static DiffusionServer server;
    private static Client client;

    @BeforeAll
    static void start() {
        Map<String, ServiceModel> models = new LinkedHashMap<>();
        models.put("first", ServiceModel.at(GOLDEN.resolve("tiny-sd")));
        models.put("second", ServiceModel.at(GOLDEN.resolve("tiny-sd")));
        server = DiffusionServer.start(models, ServiceConfig.DEFAULT, ServerConfig.DEFAULT.with(c -> {
            c.port = 0;
            c.loraDir = GOLDEN.resolve("text_lora");
        }));
        client = Client.of(server);
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ZERO);
    }

    private static List<?> images(HttpResponse<byte[]> response) {
        assertThat(response.statusCode())
                .as(new String(response.body(), StandardCharsets.UTF_8))
                .isEqualTo(200);
        return (List<?>) Client.json(response).get("images");
    }

    private static byte[] first(HttpResponse<byte[]> response) {
        return Base64.getDecoder().decode(String.valueOf(images(response).get(0)));
    }

    @Test
    void a_model_that_comes_later_is_listed_as_long_as_it_is_there() {
        server.service().add("later", ServiceModel.at(GOLDEN.resolve("tiny-sd")));
        assertThat(client.get("/sdapi/v1/sd-models").body()).asString().contains("\"later\"");
        server.service().remove("later");
        assertThat(client.get("/sdapi/v1/sd-models").body()).asString().doesNotContain("later");
    }

    @Test
    void a_picture_has_the_text_that_other_programs_read() {
        HttpResponse<byte[]> response =
                client.post(TXT2IMG, SMALL + ",\"n_iter\":2,\"width\":32,\"height\":32,\"tiling\":false}");
        assertThat(images(response)).hasSize(2);
        Map<String, Object> info =
                Json.parseObject(String.valueOf(Client.json(response).get("info")), "info");
        assertThat(info).containsEntry("seed", 5L).containsEntry("all_seeds", List.of(5L, 6L));
        assertThat(String.valueOf(info.get("infotexts"))).contains("a (red:1.2) cat", "Sampler: Euler a");
        assertThat(response.headers().firstValue("X-Ignored-Fields")).contains("tiling");
        String sent = Base64.getEncoder().encodeToString(first(response));
        Map<String, Object> notes = Client.json(client.post("/sdapi/v1/png-info", "{\"image\":\"" + sent + "\"}"));
        assertThat(String.valueOf(notes.get("info"))).contains("Sampler: Euler a");
    }

    @Test
    void settings_that_are_not_understood_are_named_wherever_they_stand() {
        String sent = SMALL
                + ",\"override_settings\":{\"CLIP_stop_at_last_layers\":1,\"eta\":0.5,\"sd_vae\":null},\"eta\":0}";
        assertThat(client.post(TXT2IMG, sent).headers().firstValue("X-Ignored-Fields"))
                .contains("override_settings.eta, eta");
        assertThat(client.post(TXT2IMG, SMALL + ",\"override_settings\":[]}")
                        .headers()
                        .firstValue("X-Ignored-Fields"))
                .contains("override_settings");
    }

    @Test
    void prompts_ask_for_adapters_by_name_alone() throws IOException {
        byte[] plain = first(client.post(TXT2IMG, SMALL + "}"));
        String with = SMALL.replace("cat", "cat <lora:NAME:0.7>") + "}";
        byte[] adapted = first(client.post(TXT2IMG, with.replace("NAME", "sd-kohya")));
        assertThat(Client.pixels(adapted)).isNotEqualTo(Client.pixels(plain));
        Map<String, String> notes = PngFile.readNotes(new ByteArrayInputStream(adapted), "the answer");
        assertThat(notes.get("parameters")).contains(", Model: ", "Lora hashes: ");
        assertThat(notes.values()).noneMatch(note -> note.contains("golden") || note.contains("text_lora"));
        HttpResponse<byte[]> other = client.post(TXT2IMG, with.replace("NAME", "../tiny-sd"));
        assertThat(other.statusCode()).isEqualTo(422);
        assertThat(new String(other.body(), StandardCharsets.UTF_8)).doesNotContain("golden");
    }

    @Test
    void the_note_of_a_picture_whose_prompt_asks_for_an_adapter_is_a_job_for_it() throws IOException {
        byte[] first = first(client.post(TXT2IMG, SMALL.replace("cat", "cat <lora:sd-kohya:0.7>") + "}"));
        String note =
                PngFile.readNotes(new ByteArrayInputStream(first), "the answer").get("diffusion4j");
        assertThat(note).isNotNull();
        String job =
                "/api/v1/jobs/" + Client.json(client.post("/api/v1/jobs", note)).get("id");
        assertThat(new String(client.get(job + "/events").body(), StandardCharsets.UTF_8))
                .contains("event: done");
        assertThat(Client.pixels(client.get(job + "/pictures/0").body())).isEqualTo(Client.pixels(first));
        HttpResponse<byte[]> other = client.post("/api/v1/jobs", note.replace("sd-kohya", "none"));
        assertThat(other.statusCode()).isEqualTo(422);
        assertThat(new String(other.body(), StandardCharsets.UTF_8)).doesNotContain("golden");
    }

    @Test
    void a_picture_is_drawn_over_where_the_mask_is_white() {
        String start = Base64.getEncoder().encodeToString(first(client.post(TXT2IMG, SMALL + "}")));
        String body = SMALL.replace("\"steps\":2", "\"steps\":4") + ",\"init_images\":[\"data:image/png;base64," + start
                + "\"],\"denoising_strength\":0.5";
        byte[] whole = first(client.post("/sdapi/v1/img2img", body + "}"));
        byte[] masked = first(client.post("/sdapi/v1/img2img", body + ",\"mask\":\"" + start + "\"}"));
        byte[] turned = first(
                client.post("/sdapi/v1/img2img", body + ",\"mask\":\"" + start + "\",\"inpainting_mask_invert\":1}"));
        assertThat(Client.pixels(masked)).isNotEqualTo(Client.pixels(whole)).isNotEqualTo(Client.pixels(turned));
    }

    @Test
    void progress_and_interrupt_mean_the_callers_latest_job() throws Exception {
        CompletableFuture<HttpResponse<byte[]>> drawing = CompletableFuture.supplyAsync(
                () -> client.post(TXT2IMG, SMALL.replace("\"steps\":2", "\"steps\":150") + ",\"n_iter\":10}"));
        Map<String, Object> progress;
        do {
            progress = Client.json(client.get("/sdapi/v1/progress"));
        } while (progress.get("current_image") == null);
        assertThat(Json.object(progress.get("state")))
                .containsEntry("job_count", 10L)
                .containsEntry("sampling_steps", 150L);
        assertThat(Client.json(client.post("/internal/progress", "{\"id_task\":\"x\",\"live_preview\":true}")))
                .containsEntry("active", true)
                .containsEntry("completed", false);
        assertThat(client.post("/sdapi/v1/interrupt", "").statusCode()).isEqualTo(200);
        assertThat(images(drawing.get())).hasSizeLessThan(10);
        assertThat(Client.json(client.get("/sdapi/v1/progress"))).containsEntry("progress", 0.0);
    }

    @Test
    void the_options_choose_a_model() {
        client.post("/sdapi/v1/options", "{\"sd_model_checkpoint\":\"second\"}");
        assertThat(Client.json(client.get("/sdapi/v1/options"))).containsEntry("sd_model_checkpoint", "second");
        assertThat(String.valueOf(Client.json(client.post(TXT2IMG, SMALL + "}")).get("info")))
                .contains("\"second\"");
        assertThat(client.post("/sdapi/v1/options", "{\"sd_model_checkpoint\":\"other\"}")
                        .statusCode())
                .isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource({
        "samplers, Euler a",
        "schedulers, karras",
        "sd-models, second",
        "loras, sd-kohya",
        "upscalers, None",
        "latent-upscale-modes, []",
        "sd-vae, []"
    })
    void lists_say_what_there_is(String path, String contained) {
        HttpResponse<byte[]> response = client.get("/sdapi/v1/" + path);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(new String(response.body(), StandardCharsets.UTF_8))
                .startsWith("[")
                .contains(contained);
    }
}
